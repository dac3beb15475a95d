import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer } from '../../../kernel/tokenizer/load';
import type { PreTrainedTokenizer } from '../../../kernel/tokenizer/tokenizer';
import { EXPECTED_MISMATCHES } from './mismatches';

const fixtures = join(__dirname, 'fixtures');
const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(fixtures, ...path), 'utf8')) as T;

interface Reference {
  class: string;
  special_tokens_map: Record<string, string>;
  all_special_tokens: string[];
  all_special_ids: number[];
  padding_side: string;
  model_input_names: string[];
  vocab_size: number;
  size: number;
  added: Record<string, number>;
  encodings: [number[], number[], string | null, string | null][];
  pairs: { ids: number[]; types: number[]; offsets: number[]; words: (number | null)[]; special: number[] }[];
  decoded: [number[], string, string][];
  tokenized: [string, string[]][];
  calls: { text: string | string[]; options: Record<string, unknown>; result: Record<string, unknown> }[];
}

const { strings, pairs } = json<{ strings: string[]; pairs: [string, string][] }>('strings.json');

async function load(name: string): Promise<PreTrainedTokenizer> {
  const folder = join(fixtures, name);
  const metadata = join(folder, 'metadata.json');
  if (existsSync(metadata)) {
    return loadTokenizer({ read: async () => undefined, gguf: { metadata: json(name, 'metadata.json') } });
  }
  return loadTokenizer({
    read: async file => (existsSync(join(folder, file)) ? new Uint8Array(readFileSync(join(folder, file))) : undefined),
    model_type: json<{ model_type: string }>(name, 'config.json').model_type
  });
}

/** Plain numbers of a call, in the shape Python gives without tensors. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const names = readdirSync(fixtures, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'qwen')
  .map(entry => entry.name);

describe('fixtures', () => {
  it('hold at least 300 strings and the kinds of tokenizers the README lists', () => {
    expect(strings.length).toBeGreaterThanOrEqual(300);
    expect(names).toEqual(
      expect.arrayContaining(['gpt2', 'qwen2', 'llama', 't5', 'bert', 'roberta', 'clip', 'gguf-llama'])
    );
  });
});

describe.each(names)('%s', name => {
  const reference = json<Reference>(name, 'reference.json');
  let tokenizer: PreTrainedTokenizer;

  beforeAll(async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined); // of texts longer than the model takes
    tokenizer = await load(name);
  });
  afterAll(() => jest.restoreAllMocks());

  it('loadTokenizer() chooses the class, special tokens and sizes of Python', () => {
    expect({
      class: tokenizer.class_name,
      special_tokens_map: tokenizer.special_tokens_map,
      all_special_tokens: tokenizer.all_special_tokens,
      all_special_ids: tokenizer.all_special_ids,
      padding_side: tokenizer.padding_side,
      model_input_names: tokenizer.model_input_names,
      vocab_size: tokenizer.vocab_size,
      size: tokenizer.size,
      added: Object.fromEntries(tokenizer.get_added_vocab())
    }).toEqual({
      class: reference.class,
      special_tokens_map: reference.special_tokens_map,
      all_special_tokens: reference.all_special_tokens,
      all_special_ids: reference.all_special_ids,
      padding_side: reference.padding_side,
      model_input_names: reference.model_input_names,
      vocab_size: reference.vocab_size,
      size: reference.size,
      added: reference.added
    });
  });

  it('tokenizer() gives the ids and offsets of Python for every string', () => {
    const faults: Record<number, unknown> = {};
    strings.forEach((text, i) => {
      const [ids, offsets] = reference.encodings[i]!;
      const encoding = tokenizer(text, { return_offsets_mapping: true, return_tensors: false });
      const got = plain({ ids: encoding.input_ids, offsets: encoding.offset_mapping }) as {
        ids: number[][];
        offsets: number[][][];
      };
      const flat = got.offsets[0]!.flat();
      if (JSON.stringify([got.ids[0], flat]) !== JSON.stringify([ids, offsets])) {
        faults[i] = { text, ids: got.ids[0], expected: ids, offsets: flat.join(), wanted: offsets.join() };
      }
    });
    expect(reported(name, 'encode', faults)).toEqual({});
  });

  it('decode() gives the text of Python for every string, with and without special tokens', () => {
    const faults: Record<number, unknown> = {};
    strings.forEach((text, i) => {
      const [ids, , decoded, clean] = reference.encodings[i]!;
      const got = [tokenizer.decode(ids), tokenizer.decode(ids, { skip_special_tokens: true })];
      const wanted = [decoded ?? text, clean ?? text];
      if (JSON.stringify(got) !== JSON.stringify(wanted)) {
        faults[i] = { ids, got, wanted };
      }
    });
    expect(reported(name, 'decode', faults)).toEqual({});
  });

  it('decode() gives the text of Python for single, unknown and no ids, cleaned up or not', () => {
    const got = reference.decoded.map(([ids]) => [
      ids,
      tokenizer.decode(ids),
      tokenizer.decode(ids, { clean_up_tokenization_spaces: true })
    ]);
    expect(got).toEqual(reference.decoded);
  });

  it('tokenize() gives the tokens of Python', () => {
    expect(reference.tokenized.map(([text]) => [text, tokenizer.tokenize(text)])).toEqual(reference.tokenized);
  });

  it('tokenizer() joins pairs with the types, words and masks of Python', () => {
    const got = pairs.map(([text, text_pair]) => {
      const encoding = tokenizer(text, {
        text_pair,
        return_offsets_mapping: true,
        return_token_type_ids: true,
        return_special_tokens_mask: true,
        return_tensors: false
      });
      const fields = plain(encoding) as Record<string, unknown[][]>;
      return {
        ids: fields.input_ids![0],
        types: fields.token_type_ids![0],
        offsets: (fields.offset_mapping![0] as number[][]).flat(),
        words: encoding.word_ids(),
        special: fields.special_tokens_mask![0]
      };
    });
    expect(got).toEqual(reference.pairs);
  });

  it.each(reference.calls.map((call, i) => [i, JSON.stringify(call.options), call] as const))(
    'tokenizer() call %i %s pads and truncates as Python',
    (_i, _options, { text, options, result }) => {
      const call = (): unknown =>
        plain(tokenizer(text, { ...options, return_offsets_mapping: true, return_tensors: false }));
      if ('error' in result) {
        expect(call).toThrow();
        return;
      }
      const got = call() as Record<string, unknown[]>;
      // Python drops the batch of a single text, unless it overflows.
      const single = typeof text === 'string' && !options.return_overflowing_tokens;
      const shaped = single
        ? Object.fromEntries(Object.entries(got).map(([key, rows]) => [key, Array.isArray(rows[0]) ? rows[0] : rows]))
        : got;
      expect(shaped).toEqual(result);
    }
  );
});

/** Faults that are not listed and explained; and listed ones that no longer occur. */
function reported(name: string, kind: 'encode' | 'decode', faults: Record<number, unknown>): Record<number, unknown> {
  const expected = EXPECTED_MISMATCHES[name]?.[kind] ?? [];
  const rest = { ...faults };
  for (const index of expected) {
    if (index in rest) {
      delete rest[index];
    } else {
      rest[index] = `listed in mismatches.ts, but equal now: ${JSON.stringify(strings[index])}`;
    }
  }
  return rest;
}

describe('qwen', () => {
  it('loadTokenizer() reads a qwen.tiktoken as tiktoken does', async () => {
    const reference = json<{ extra: string[]; encodings: [number[], string, string][]; size: number }>(
      'qwen',
      'reference.json'
    );
    const tokenizer = await load('qwen');
    const texts = [...strings, ...reference.extra];
    expect(tokenizer.size).toBe(reference.size);
    const faults = texts.flatMap((text, i) => {
      const [ids, decoded, clean] = reference.encodings[i]!;
      const got = [tokenizer.encode(text), tokenizer.decode(ids), tokenizer.decode(ids, { skip_special_tokens: true })];
      return JSON.stringify(got) === JSON.stringify([ids, decoded, clean])
        ? []
        : [{ text, got, wanted: [ids, decoded, clean] }];
    });
    expect(faults).toEqual([]);
  });
});
