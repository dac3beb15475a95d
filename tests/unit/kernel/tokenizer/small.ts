/** A byte-level tokenizer small enough to check by hand. */
import { Backend } from '../../../../kernel/tokenizer/backend';
import type { JsonObject } from '../../../../kernel/tokenizer/json';
import { loadTokenizer } from '../../../../kernel/tokenizer/load';
import { BYTE_TO_CHAR } from '../../../../kernel/tokenizer/text/byte-level';
import type { PreTrainedTokenizer } from '../../../../kernel/tokenizer/tokenizer';

/** Ids: 0 to 255 the bytes, then the tokens below; `<|end|>` is special. */
export const WORDS = ['he', 'll', 'hell', 'hello', 'Ġw', 'or', 'Ġwor', 'ld', 'Ġworld'];
const vocab = Object.fromEntries([...BYTE_TO_CHAR, ...WORDS].map((token, id) => [token, id]));

export const SPEC: JsonObject = {
  model: {
    type: 'BPE',
    vocab,
    merges: ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'l d', 'Ġwor ld']
  },
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  added_tokens: [{ id: 265, content: '<|end|>', special: true, normalized: false }]
};

export const backend = (spec: JsonObject = {}): Backend => new Backend({ ...SPEC, ...spec });

export async function smallTokenizer(config: JsonObject = {}, spec: JsonObject = {}): Promise<PreTrainedTokenizer> {
  const files: Record<string, string> = {
    'tokenizer.json': JSON.stringify({ ...SPEC, ...spec }),
    'tokenizer_config.json': JSON.stringify({ eos_token: '<|end|>', ...config })
  };
  return loadTokenizer({
    read: async name => (files[name] === undefined ? undefined : new TextEncoder().encode(files[name]))
  });
}
