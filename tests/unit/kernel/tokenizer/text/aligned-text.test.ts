import { AlignedText } from '../../../../../kernel/tokenizer/text/aligned-text';

/** [start, end) of every UTF-16 unit. */
const places = (text: AlignedText): number[][] =>
  Array.from({ length: text.text.length }, (_, i) => [text.startAt(i), text.endAt(i)]);

describe('AlignedText', () => {
  it('starts with every character standing for itself, both halves of a pair for the pair', () => {
    expect(places(new AlignedText('a😀b'))).toEqual([
      [0, 1],
      [1, 3],
      [1, 3],
      [3, 4]
    ]);
    expect(places(new AlignedText('bc', 5))).toEqual([
      [5, 6],
      [6, 7]
    ]);
  });

  // The cases are those of Rust's own tests (normalizer.rs).
  it('transform() lets an inserted character stand for the one before it', () => {
    const text = new AlignedText('élégant').transform(
      ['e', '\u0301', 'l', 'e', '\u0301', 'g', 'a', 'n', 't'],
      [0, 1, 0, 0, 1, 0, 0, 0, 0]
    );
    expect(text.text).toBe('e\u0301le\u0301gant');
    expect(places(text).slice(0, 5)).toEqual([
      [0, 1],
      [0, 1],
      [1, 2],
      [2, 3],
      [2, 3]
    ]);
  });

  it('filter() removes at the start, in the middle and at the end', () => {
    const keep = (char: string): boolean => char !== '-';
    expect(places(new AlignedText('--ab--c-').filter(keep))).toEqual([
      [2, 3],
      [3, 4],
      [6, 7]
    ]);
    expect(new AlignedText('---').filter(keep).text).toBe('');
    const same = new AlignedText('abc');
    expect(same.filter(keep)).toBe(same);
  });

  it('prepend() stands for the first character', () => {
    const text = new AlignedText('Hi').prepend('__');
    expect([text.text, places(text)]).toEqual([
      '__Hi',
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 2]
      ]
    ]);
    expect(new AlignedText('').prepend('_').text).toBe('');
  });

  it('replace() stands for the last character of the match', () => {
    const shorter = new AlignedText('a   b').replace(/ +/g, '_');
    expect([shorter.text, places(shorter)]).toEqual([
      'a_b',
      [
        [0, 1],
        [3, 4],
        [4, 5]
      ]
    ]);
    const longer = new AlignedText('a b').replace(/ /g, '$&!');
    expect([longer.text, places(longer)]).toEqual([
      'a$&!b',
      [
        [0, 1],
        [1, 2],
        [1, 2],
        [1, 2],
        [2, 3]
      ]
    ]);
  });

  it('slice() keeps places, and its origin is where its first character comes from', () => {
    const text = new AlignedText('  ab').filter(char => char !== ' ');
    expect(text.origin).toBe(0);
    const all = text.slice(0, 2);
    expect([all.origin, all.text, places(all)]).toEqual([
      2,
      'ab',
      [
        [2, 3],
        [3, 4]
      ]
    ]);
    expect(places(text.slice(1, 2))).toEqual([[3, 4]]);
  });
});
