/** Broken files: 10,000 seeded changes to the files of configs.json, each read or refused with a typed error. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { modelTypeOf, parseConfig } from '../../../../kernel/config/auto';
import { configClass } from '../../../../kernel/config/classes';
import { GenerationConfig } from '../../../../kernel/config/generation-config';
import { configTypes } from '../../../../kernel/config/table';
import { uniform } from '../../../../kernel/tensor/create';

const { cases } = JSON.parse(readFileSync(resolve(__dirname, 'configs.json'), 'utf8')) as {
  cases: { name: string; input: Record<string, unknown> }[];
};

const draw = uniform(11);
const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  3,
  7,
  1e9,
  1e308,
  -1e9,
  2 ** 53,
  '',
  'x',
  'default',
  'Infinity',
  '__proto__',
  [],
  [[]],
  [null],
  ['full_attention'],
  [1, 2, 3],
  {},
  { rope_type: 'yarn' },
  { rope_type: 5, factor: 'x' },
  { type: 'longrope' },
  { __float__: 'NaN' },
  { __float__: 3 },
  { full_attention: null },
  { '0': 'a', '5': 'b' }
];

/** A copy with one to three places changed, some of them inside nested objects. */
function mutate(input: Record<string, unknown>): Record<string, unknown> {
  const copy = structuredClone(input);
  const keys = [
    ...Object.keys(copy),
    'num_hidden_layers',
    'num_attention_heads',
    'num_labels',
    'id2label',
    'rope_scaling',
    'layer_types',
    'head_dim',
    'torch_dtype',
    'text_config',
    'vision_config_dict',
    'no_rope_layers',
    'sliding_window_pattern',
    'toString'
  ];
  for (let i = 0; i <= draw() * 3; i++) {
    const key = pick(keys);
    const at = copy[key];
    if (draw() < 0.3 && typeof at === 'object' && at !== null && !Array.isArray(at)) {
      (at as Record<string, unknown>)[pick([...Object.keys(at), 'rope_type', 'hidden_size'])] = structuredClone(
        pick(VALUES)
      );
    } else if (draw() < 0.1) {
      delete copy[key];
    } else {
      copy[key] = structuredClone(pick(VALUES));
    }
  }
  return copy;
}

/** Whether an error is one a reader may give. */
const typed = (error: unknown): boolean =>
  error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;

describe('broken config.json files', () => {
  it('are read or refused with a typed error that says something, 8,000 changed values', () => {
    let read = 0;
    const faults: string[] = [];
    for (let i = 0; i < 8000; i++) {
      const input = mutate(pick(cases).input);
      try {
        const model_type = modelTypeOf('folder', input, configTypes());
        const config = configClass(model_type).fromDict({ ...input, model_type });
        JSON.parse(config.to_json_string());
        GenerationConfig.from_model_config(config).to_json_string();
        read++;
      } catch (error) {
        const message = (error as Error).message;
        // What the engine itself says of a mistake in the code is no message for a reader.
        if (
          !typed(error) ||
          /undefined|is not a function|is not iterable|Maximum call stack|Invalid array length/.test(message)
        ) {
          faults.push(`${message} for ${JSON.stringify(input).slice(0, 300)}`);
        }
      }
    }
    expect(faults.slice(0, 5)).toEqual([]);
    expect(read).toBeGreaterThan(500);
  });

  it('are parsed or refused with a SyntaxError, 2,000 changed bytes', () => {
    const faults: string[] = [];
    for (let i = 0; i < 2000; i++) {
      const text = JSON.stringify(pick(cases).input);
      const at = Math.floor(draw() * text.length);
      const changed =
        text.slice(0, at) +
        pick(['', '{', '}', '"', ',', '\u0000', 'NaN', '-Infinity', '[', '9e999']) +
        text.slice(at + pick([0, 1, 5]));
      try {
        parseConfig('config.json', changed);
      } catch (error) {
        if (
          !(error instanceof SyntaxError) ||
          !error.message.startsWith("It looks like the config file at 'config.json'")
        ) {
          faults.push(String(error));
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it('with NaN and Infinity, as Python writes them, are read', () => {
    expect(parseConfig('config.json', '{"a": NaN, "b": [-Infinity], "c": "NaN, Infinity"}')).toEqual({
      a: { __float__: 'NaN' },
      b: [{ __float__: '-Infinity' }],
      c: 'NaN, Infinity'
    });
  });

  it.each(['', '[]', '3', 'null', '{"a":}', '\u0000'])('are refused with Python’s sentence: %j', text => {
    expect(() => parseConfig('dir/config.json', text)).toThrow(
      /^It looks like the config file at 'dir\/config.json' is not a valid JSON file/
    );
  });
});
