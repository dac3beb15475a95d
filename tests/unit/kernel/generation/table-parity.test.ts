import { generate } from '../../../../kernel/generation/generate';
import type { GenerateOutput } from '../../../../kernel/generation/output';
import type { GenerationOptions } from '../../../../kernel/generation/parameters';
import { computeTransitionScores } from '../../../../kernel/generation/transition-scores';
import { resetWarnings } from '../../../../kernel/generation/warnings';
import { Tensor } from '../../../../kernel/tensor/tensor';
import {
  assistantTable,
  E,
  fixtures,
  TableEncoderDecoder,
  TableModel,
  unpack,
  VOCAB,
  type TableCase
} from './table-model';

function rows(tensor: Tensor): number[][] {
  const [batch, length] = tensor.dims as [number, number];
  return Array.from({ length: batch }, (_, r) =>
    Array.from(tensor.data.slice(r * length, (r + 1) * length) as ArrayLike<unknown>, Number)
  );
}

/** The options of a case as a cell would write them. */
function optionsOf(test: TableCase): GenerationOptions {
  const { config_argument, prefix_allowed, as_embeds, keep_ids, ...options } = test.options as Record<string, any>;
  if (config_argument) {
    options['generation_config'] = config_argument;
  }
  if (prefix_allowed) {
    options['prefix_allowed_tokens_fn'] = (_batch: number, sent: Tensor) =>
      prefix_allowed[Number(sent.data[sent.data.length - 1]) % prefix_allowed.length];
  }
  if (as_embeds) {
    options['inputs_embeds'] = options['input_ids'].map((row: number[]) => row.map(id => [id, E[id]!]));
    if (!keep_ids) {
      delete options['input_ids'];
    }
  }
  if (options['do_sample'] && options['seed'] === undefined) {
    options['seed'] = 0;
  }
  if (options['bias']) {
    options['bias'] = new Tensor('float32', Float32Array.from(options['bias'].flat()), [options['bias'].length, VOCAB]);
  }
  if (test.assistant) {
    options['assistant_model'] = new TableModel(test.assistant, assistantTable);
  }
  return options;
}

function expectScores(actual: readonly Tensor[] | undefined, packed: string): void {
  const expected = unpack(packed);
  const got = Float32Array.from(actual!.flatMap(step => Array.from(step.data as Float32Array)));
  expect(got.length).toBe(expected.length);
  let worst = 0;
  expected.forEach((x, i) => {
    worst = Math.max(
      worst,
      Object.is(x, got[i]) || x === got[i] ? 0 : Math.abs(x - got[i]!) / Math.max(1, Math.abs(x))
    );
  });
  // Softmax and log are summed in double here and in float32 lanes there: one unit in the last place of scores up to 16.
  expect(worst).toBeLessThanOrEqual(1e-6);
}

const shapes = (steps: readonly (readonly Tensor[])[]): number[][][] => steps.map(step => step.map(t => [...t.dims]));

describe('generate() equals transformers', () => {
  let warnings: string[] = [];
  beforeEach(() => {
    warnings = [];
    resetWarnings();
    jest.spyOn(console, 'warn').mockImplementation(message => void warnings.push(String(message)));
  });
  afterEach(() => jest.restoreAllMocks());

  const titled = fixtures.cases.map((test, i) => {
    const kind = `${test.model ?? ''}${test.assistant ? ` assistant ${JSON.stringify(test.assistant)}` : ''}`;
    return [`${i}${kind} ${JSON.stringify(test.generation_config)} ${JSON.stringify(test.options)}`, test] as const;
  });

  it.each(titled)('generate() %s', async (_title, test) => {
    const { expect: wanted } = test;
    const Model = test.model === 'encoder-decoder' ? TableEncoderDecoder : TableModel;
    const model = new Model(test.generation_config);
    const running = generate(model, optionsOf(test));
    if (wanted.error !== undefined) {
      // Python shows floats with their decimal point.
      const plain = (text: string): string => text.replace(/(\d)\.0\b/g, '$1');
      await expect(running.catch((error: Error) => Promise.reject(new Error(plain(error.message))))).rejects.toThrow(
        plain(wanted.error)
      );
      return;
    }
    const out = await running;
    const sequences = out instanceof Tensor ? out : out.sequences;
    expect(rows(sequences)).toEqual(wanted.sequences);
    if (!test.assistant) {
      expect(warnings).toEqual(wanted.warnings ?? []);
    }
    if (out instanceof Tensor) {
      expect(wanted.keys).toBeUndefined();
      return;
    }
    expect(Object.keys(out)).toEqual(wanted.keys);
    for (const key of ['scores', 'logits'] as const) {
      if (wanted[key]) {
        expect(out[key]!.every(step => step.dims[1] === VOCAB)).toBe(true);
        expectScores(out[key], wanted[key] as string);
      }
    }
    if (wanted['transitions']) {
      for (const [key, normalize_logits] of [
        ['transitions', false],
        ['normalized_transitions', true]
      ] as const) {
        const scores = computeTransitionScores(out.sequences, out.scores, {
          beam_indices: out.beam_indices ?? null,
          normalize_logits
        });
        expectScores([scores], wanted[key] as string);
      }
    }
    if (wanted['sequences_scores']) {
      const got = Array.from(out.sequences_scores!.data as Float32Array);
      (wanted['sequences_scores'] as number[]).forEach((x, i) =>
        expect(Math.abs(got[i]! - x)).toBeLessThanOrEqual(1e-5)
      );
    }
    if (wanted['beam_indices']) {
      expect(rows(out.beam_indices!)).toEqual(wanted['beam_indices']);
    }
    for (const key of [
      'attentions',
      'hidden_states',
      'decoder_attentions',
      'cross_attentions',
      'decoder_hidden_states'
    ] as const) {
      if (wanted[key]) {
        expect(shapes((out as GenerateOutput)[key]!)).toEqual(wanted[key]);
      }
    }
    for (const key of ['encoder_attentions', 'encoder_hidden_states'] as const) {
      if (wanted[key]) {
        expect(out[key]!.map(t => [...t.dims])).toEqual(wanted[key]);
      }
    }
  });
});
