import { generateMerges } from '../../../../../kernel/tokenizer/sources/merges';
import {
  mergesOfRanks,
  readMergesFile,
  readTiktoken,
  readVocabText
} from '../../../../../kernel/tokenizer/sources/vocab-files';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readMergesFile()', () => {
  it('reads pairs and names the line that is none', () => {
    expect(readMergesFile(bytes('#version: 0.2\na b\r\nĠ c\n'))).toEqual([
      ['a', 'b'],
      ['Ġ', 'c']
    ]);
    expect(() => readMergesFile(bytes('a b\na b c\n'))).toThrow(/line 2 must be two tokens/);
  });
});

describe('readVocabText()', () => {
  it('counts lines, blank ones too', () => {
    expect([...readVocabText(bytes('[PAD]\n\nword \n'))]).toEqual([
      ['[PAD]', 0],
      ['', 1],
      ['word', 2]
    ]);
  });
});

describe('readTiktoken()', () => {
  const all = Array.from({ length: 256 }, (_, byte) => `${btoa(String.fromCharCode(byte))} ${byte}`);

  it('reads ranks and wants every byte', () => {
    const ranks = readTiktoken(bytes([...all, `${btoa('ab')} 256`, ''].join('\n')), 'x.tiktoken');
    expect([ranks.get('ab'), ranks.get('Ġ')]).toEqual([256, 32]);
    expect(() => readTiktoken(bytes(all.slice(1).join('\n')), 'x.tiktoken')).toThrow(/0x0 is missing/);
    expect(() => readTiktoken(bytes('YQ== one'), 'x.tiktoken')).toThrow(
      /line 1 as it must be a base64 token and its rank/
    );
  });
});

describe('mergesOfRanks() and generateMerges()', () => {
  it('cut tokens into known pairs, best first', () => {
    const vocab = new Map(['a', 'b', 'c', 'ab', 'bc', 'abc'].map((token, id) => [token, id]));
    expect(mergesOfRanks(vocab)).toEqual([
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'bc'],
      ['ab', 'c']
    ]);
    // transformers.tokenization_utils_base.generate_merges(vocab) and with scores
    expect(generateMerges(vocab)).toEqual([
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'bc'],
      ['ab', 'c']
    ]);
    const scores = new Map([
      ['ab', -2],
      ['bc', -1],
      ['abc', -3]
    ]);
    expect(generateMerges(vocab, scores)).toEqual([
      ['b', 'c'],
      ['a', 'b'],
      ['ab', 'c'],
      ['a', 'bc']
    ]);
  });
});
