import { checkSubfolder, isPathOnly, isRepositoryId, parseModelName } from '../../../../kernel/hub/names';

describe('parseModelName()', () => {
  it.each([
    ['a/b', { folder: 'a/b' }],
    ['a/b/', { folder: 'a/b' }],
    ['/', { folder: '/' }],
    ['a\\b', { folder: 'a/b' }],
    ['a/f.gguf', { folder: 'a', gguf: 'f.gguf' }],
    ['f.GGUF', { folder: '', gguf: 'f.GGUF' }],
    ['/f.gguf', { folder: '/', gguf: 'f.gguf' }]
  ])('splits %s', (name, expected) => expect(parseModelName(name)).toEqual(expected));

  it.each(['', '  ', undefined, 3])('refuses %p', name => {
    expect(() => parseModelName(name as string)).toThrow(/its name must be a folder, a .gguf file or a repository id/);
  });
});

describe('isRepositoryId()', () => {
  it.each(['gpt2', 'Qwen/Qwen2.5-0.5B', 'a_b/c.d'])('takes %s', name => expect(isRepositoryId(name)).toBe(true));
  it.each(['a/b/c', '../a', 'a/', '-a', 'a--b/c', 'a..b', 'a b', 'x.git', './a'])('refuses %s', name =>
    expect(isRepositoryId(name)).toBe(false)
  );
});

describe('isPathOnly()', () => {
  it.each(['/a', './a', '../a', '~/a', '.', 'C:/a'])('takes %s', name => expect(isPathOnly(name)).toBe(true));
  it.each(['a', 'a/b', '.hidden'])('refuses %s', name => expect(isPathOnly(name)).toBe(false));
});

describe('checkSubfolder()', () => {
  it('removes slashes around, and refuses steps upwards', () => {
    expect(checkSubfolder(undefined)).toBe('');
    expect(checkSubfolder('./a/b/')).toBe('a/b');
    expect(() => checkSubfolder('a/../../b')).toThrow(RangeError);
  });
});
