import { asId, asObject, brief, get, parseJson, stringField } from '../../../../kernel/tokenizer/json';

describe('reading JSON', () => {
  it('get() sees own properties only', () => {
    const object = parseJson('{"__proto__": {"a": 1}, "b": 2}', 'x');
    expect([get(object, 'b'), get(object, 'a'), get(object, 'toString'), get(object, '__proto__')]).toEqual([
      2,
      undefined,
      undefined,
      { a: 1 }
    ]);
  });

  it('errors name the place and show the value, shortened', () => {
    expect(() => asObject([1], 'model')).toThrow('Cannot read model as it must be an object: current value is [1]');
    expect(() => asId(-1, 'id')).toThrow(SyntaxError);
    expect(() => stringField({ a: 1 }, 'a', 'config', '')).toThrow(/config.a as it must be a string/);
    expect(brief('x'.repeat(100)).length).toBeLessThan(70);
    expect([asId(5n, 'id'), stringField({}, 'a', 'config', 'b')]).toEqual([5, 'b']);
  });
});
