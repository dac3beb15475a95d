import { parseJson, readAll, readJson, readText } from '../../../../kernel/host/read';
import { memoryFolder } from '../checkpoint/memory-folder';

describe('readJson()', () => {
  it('parses a file, and resolves to undefined where there is none', async () => {
    const folder = memoryFolder({ 'config.json': '\ufeff{"a":[1,null]}' });
    expect(await readJson(folder, 'config.json')).toEqual({ a: [1, null] });
    expect(await readJson(folder, 'absent.json')).toBeUndefined();
  });

  it('names the file that is not JSON', async () => {
    const folder = memoryFolder({ 'config.json': '{"a":' });
    await expect(readJson(folder, 'config.json')).rejects.toThrow(SyntaxError);
    await expect(readJson(folder, 'config.json')).rejects.toThrow(
      /^Cannot read memory\/config\.json as it must be valid JSON/
    );
  });

  it.each(['{"__proto__":{"evil":1},"a":{"__proto__":2}}', '{"\\u005f_proto__":{"evil":1},"a":{}}'])(
    'drops __proto__ keys of %s, so that copies cannot take them over',
    async text => {
      const value = (await readJson(memoryFolder({ 'config.json': text }), 'config.json')) as object;
      expect(Object.getOwnPropertyNames(value)).toEqual(['a']);
      expect((Object.assign({}, value) as { evil?: number }).evil).toBeUndefined();
    }
  );

  it('keeps values that only mention it', () => {
    expect(parseJson('{"tokens":["__proto__"]}', 'f')).toEqual({ tokens: ['__proto__'] });
  });
});

describe('readAll()', () => {
  it('refuses to read gigabytes whole', async () => {
    const source = { name: 'big', size: 2 ** 30, identity: 'big', read: () => Promise.reject(new Error('was read')) };
    await expect(readAll(source)).rejects.toThrow('Cannot read big whole as it must be at most 536870912 bytes');
  });
});

describe('readText()', () => {
  it('decodes UTF-8', async () => {
    expect(await readText(memoryFolder({ 'a.txt': 'ü€' }), 'a.txt')).toBe('ü€');
  });
});
