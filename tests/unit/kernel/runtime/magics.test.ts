import { readCell } from '../../../../kernel/runtime/magics';

describe('readCell()', () => {
  it('leaves code alone, also where it looks like a magic', () => {
    for (const code of ['a % b', 'x ? y : z', 'x ?? y', '`%%html`', '5 %x', 'a?.b', '']) {
      expect(readCell(code)).toEqual({ kind: 'code', code });
    }
  });

  it.each([
    ['?model', 'model', 0],
    ['model.generate?', 'model.generate', 0],
    ['??f', 'f', 1],
    [' f?? ', 'f', 1]
  ])('reads %p as a question', (code, name, detail) => {
    expect(readCell(code)).toEqual({ kind: 'inspect', name, detail });
  });

  it('reads options of timeit', () => {
    expect(readCell('%%timeit -n 100 -r3\nf()')).toEqual({ kind: 'timeit', code: '\nf()', loops: 100, runs: 3 });
    expect(readCell('%timeit f(1)')).toMatchObject({ kind: 'timeit', code: 'f(1)\n', runs: 7 });
    expect(() => readCell('%timeit -x 5 f()')).toThrow('its options must be -n <loops> and -r <runs>');
  });

  it('keeps the lines of what follows', () => {
    expect(readCell('\n\n%%time\nf()')).toEqual({ kind: 'time', code: '\n\n\nf()' });
    expect(readCell('%%ts\nconst a: number = 1')).toEqual({ kind: 'code', code: '\nconst a: number = 1' });
  });

  it('gives the text of a shown cell as it is', () => {
    expect(readCell('%%svg\n<svg/>\n')).toEqual({ kind: 'show', mime: 'image/svg+xml', text: '<svg/>\n' });
  });

  it('names what is known where a magic is not', () => {
    expect(() => readCell('%matplotlib inline')).toThrow(
      'Cannot run %matplotlib as it must be a known magic: known are %time'
    );
  });
});
