import { fileName, filesToEvict, formatTable, parseTable } from '../../../../kernel/hub/cache-index';

describe('filesToEvict()', () => {
  it('takes no more than needed, and never the file being replaced', () => {
    const table = parseTable('[{"file":"x","key":"x","size":50,"used":1},{"file":"y","key":"y","size":50,"used":2}]');
    expect(filesToEvict(table, 50, 100, 'z')).toEqual(['x']);
    expect(filesToEvict(table, 50, 100, 'x')).toEqual([]);
    expect(filesToEvict(table, 0, 100, 'z')).toEqual([]);
    expect(parseTable(formatTable(table))).toEqual(table);
  });
});

describe('fileName()', () => {
  it('is the first 40 digits of the SHA-256 of the key', async () => {
    expect(await fileName('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a3');
  });
});
