import { loadTokenizer } from '../../../../../kernel/tokenizer/load';
import { tokenizerFromGguf } from '../../../../../kernel/tokenizer/sources/gguf';

const bert = {
  'general.architecture': 'bert',
  'tokenizer.ggml.model': 'bert',
  'tokenizer.ggml.tokens': ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '▁hello', '▁un', 'able', '▁!'],
  'tokenizer.ggml.token_type': new Int32Array([3, 3, 3, 3, 3, 1, 1, 1, 1]),
  'tokenizer.ggml.cls_token_id': 2,
  'tokenizer.ggml.seperator_token_id': 3n
};

describe('tokenizerFromGguf()', () => {
  it('builds WordPiece from llama.cpp spelling, which Python cannot read', async () => {
    const tokenizer = await loadTokenizer({ read: async () => undefined, gguf: { metadata: bert } });
    expect(tokenizer('Hello unable!').tokens()).toEqual(['[CLS]', 'hello', 'un', '##able', '!', '[SEP]']);
    expect([tokenizer.cls_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id]).toEqual([2, 4, 0]);
  });

  it('takes token types and ids as typed arrays and bigints', () => {
    const { spec } = tokenizerFromGguf(bert);
    expect((spec.added_tokens as unknown[]).length).toBe(5);
  });

  it('names what is missing or does not fit', () => {
    expect(() => tokenizerFromGguf({})).toThrow(/tokenizer.ggml.model/);
    expect(() => tokenizerFromGguf({ 'tokenizer.ggml.model': 'rwkv', 'tokenizer.ggml.tokens': [] })).toThrow(/"rwkv"/);
    expect(() => tokenizerFromGguf({ 'tokenizer.ggml.model': 'gpt2' })).toThrow(
      /"tokenizer.ggml.tokens": it is missing/
    );
    expect(() => tokenizerFromGguf({ 'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.tokens': ['a'] })).toThrow(
      /tokenizer.ggml.scores/
    );
    expect(() => tokenizerFromGguf({ 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.tokens': [1] })).toThrow(
      /tokens\[0\]/
    );
  });
});
