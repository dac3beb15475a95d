import { AlignedText } from '../../../../../kernel/tokenizer/text/aligned-text';
import { normalizeForm } from '../../../../../kernel/tokenizer/text/normal-forms';
import type { NormalForm } from '../../../../../kernel/tokenizer/text/normal-forms';
import { seeded } from '../../../../fuzz/mutate';

const FORMS: NormalForm[] = ['NFC', 'NFD', 'NFKC', 'NFKD'];
const places = (text: AlignedText): number[][] =>
  Array.from({ length: text.text.length }, (_, i) => [text.startAt(i), text.endAt(i)]);

describe('normalizeForm()', () => {
  it.each(FORMS)('gives the text of String.normalize for %s', form => {
    // Characters of Unicode 9, which the Rust crate and JavaScript agree on.
    const pool = [
      ...'abéÅﬁ가각ｱﾞ①²ΐ\u0301\u0327\u0323\u0345\u0334\u1100\u1161\u11a8\u0f71\u0f72\u09c7\u09be\u0958\u212b\u{1d15e}'
    ];
    const random = seeded(1);
    for (let i = 0; i < 2000; i++) {
      const text = Array.from(
        { length: 1 + Math.floor(random() * 8) },
        () => pool[Math.floor(random() * pool.length)]!
      ).join('');
      expect(normalizeForm(new AlignedText(text), form).text).toBe(text.normalize(form));
    }
  });

  it('sorts thousands of marks in a row as String.normalize does, soon', () => {
    const marks = [...'\u0301\u0327\u0323\u0345\u0334\u0308\u0f71\u0f72\u0903\u0483'];
    const random = seeded(2);
    const text = `e${Array.from({ length: 3000 }, () => marks[Math.floor(random() * marks.length)]!).join('')}x`;
    for (const form of FORMS) {
      expect(normalizeForm(new AlignedText(text), form).text).toBe(text.normalize(form));
    }
    const started = performance.now();
    normalizeForm(new AlignedText(`e${'\u0301\u0327'.repeat(100_000)}`), 'NFC');
    expect(performance.now() - started).toBeLessThan(10_000); // the engine alone: minutes
  });

  it('places a composed character where its first part is, as Rust does', () => {
    expect(places(normalizeForm(new AlignedText('e\u0301x'), 'NFC'))).toEqual([
      [0, 1],
      [2, 3]
    ]);
    expect(places(normalizeForm(new AlignedText('éx'), 'NFD'))).toEqual([
      [0, 1],
      [0, 1],
      [1, 2]
    ]);
    expect(places(normalizeForm(new AlignedText('ﬁx'), 'NFKC'))).toEqual([
      [0, 1],
      [0, 1],
      [1, 2]
    ]);
  });

  it('returns the very text when it is in the form', () => {
    const text = new AlignedText('é plain');
    expect(normalizeForm(text, 'NFC')).toBe(text);
  });
});
