import { generate } from '../../../../kernel/generation/generate';
import { LogitsProcessor, LogitsProcessorList } from '../../../../kernel/generation/logits-processor';
import type { GenerateOutput } from '../../../../kernel/generation/output';
import type { GenerationOptions } from '../../../../kernel/generation/parameters';
import { MinLengthLogitsProcessor } from '../../../../kernel/generation/processors/length';
import { TopKLogitsWarper } from '../../../../kernel/generation/processors/truncation';
import { set_seed } from '../../../../kernel/generation/random';
import { editRows } from '../../../../kernel/generation/rows';
import {
  MaxLengthCriteria,
  StoppingCriteria,
  StoppingCriteriaList
} from '../../../../kernel/generation/stopping-criteria';
import { BaseStreamer } from '../../../../kernel/generation/streamers';
import { setDefaultSignal } from '../../../../kernel/generation/turn';
import { resetWarnings } from '../../../../kernel/generation/warnings';
import { Tensor } from '../../../../kernel/tensor/tensor';
import { TableCache, TableModel } from './table-model';

const ENDS = { eos_token_id: 11, pad_token_id: 0 };
const PROMPT = [[5, 3, 9, 14]];

async function idsOf(model: TableModel, options: GenerationOptions): Promise<number[][]> {
  const out = (await generate(model, options)) as Tensor;
  return rowsOf(out);
}

function rowsOf(out: Tensor): number[][] {
  const length = out.dims[1]!;
  return Array.from({ length: out.dims[0]! }, (_, r) =>
    Array.from(out.data.slice(r * length, (r + 1) * length) as ArrayLike<unknown>, Number)
  );
}

/** Forbids everything but one token. */
class Only extends LogitsProcessor {
  constructor(readonly id: number) {
    super();
  }

  override __call__(_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => row.forEach((_, i) => (row[i] = i === this.id ? 0 : -Infinity)));
  }
}

class Log extends BaseStreamer {
  readonly seen: (number[] | 'end')[] = [];

  override put(value: Tensor): void {
    this.seen.push(Array.from(value.data, Number));
  }

  override end(): void {
    this.seen.push('end');
  }
}

let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  resetWarnings();
  jest.spyOn(console, 'warn').mockImplementation(message => void warnings.push(String(message)));
});
afterEach(() => jest.restoreAllMocks());

describe("generate() with processors of one's own", () => {
  it('generate() applies a LogitsProcessor, a function and an object with _call', async () => {
    const forms = [
      new Only(7),
      (ids: Tensor, scores: Tensor) => new Only(7).__call__(ids, scores),
      { _call: async (ids: Tensor, scores: Tensor) => new Only(7).__call__(ids, scores) }
    ];
    for (const form of forms) {
      const ids = await idsOf(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 2, logits_processor: [form] });
      expect(ids).toEqual([[5, 3, 9, 14, 7, 7]]);
    }
  });

  it('generate() puts them after suppress_tokens and before the warpers of sampling', async () => {
    const seen: number[] = [];
    const model = new TableModel(ENDS);
    await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 1,
      do_sample: true,
      top_k: 2,
      suppress_tokens: [3],
      logits_processor: [
        (_ids, scores) => {
          seen.push((scores.data as Float32Array).filter(x => x === -Infinity).length);
          return scores;
        }
      ]
    });
    expect(seen).toEqual([1]);
  });

  it("generate() lets one of a built-in class take the built-in one's place, with a warning", async () => {
    const own = new MinLengthLogitsProcessor(6, [11, 19]);
    const out = (await generate(new TableModel(ENDS), {
      input_ids: PROMPT,
      max_new_tokens: 8,
      min_length: 5,
      logits_processor: [own],
      return_dict_in_generate: true,
      output_scores: true
    })) as GenerateOutput;
    expect(out.scores!.slice(0, 3).map(step => [step.data[11], step.data[19]].map(x => x === -Infinity))).toEqual([
      [true, true],
      [true, true],
      [false, false]
    ]);
    expect(
      warnings.filter(text => text.startsWith('A custom logits processor of type MinLengthLogitsProcessor'))
    ).toHaveLength(1);
  });

  it('generate() throws when one returns no scores, or scores of another shape', async () => {
    const wrong = (value: unknown): Promise<unknown> =>
      generate(new TableModel(ENDS), {
        input_ids: PROMPT,
        max_new_tokens: 1,
        logits_processor: [
          function mine() {
            return value as Tensor;
          }
        ]
      });
    await expect(wrong(undefined)).rejects.toThrow(
      'Cannot go on after mine as it must return scores of shape [1,24]: current value is undefined'
    );
    await expect(wrong(new Tensor('float32', new Float32Array(3), [1, 3]))).rejects.toThrow('a tensor of shape [1,3]');
    await expect(wrong(new Tensor('float64', new Float64Array(24), [1, 24]))).rejects.toThrow('must be float32');
    await expect(
      generate(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 1, logits_processor: [3 as never] })
    ).rejects.toThrow('Cannot use an element of logits_processor');
  });
});

describe("generate() with criteria of one's own", () => {
  it('generate() stops where a criterion says so: a boolean, one per row, or a tensor', async () => {
    class AtSix extends StoppingCriteria {
      override __call__(ids: Tensor): boolean {
        return ids.dims[1] === 6;
      }
    }
    for (const criterion of [
      new AtSix(),
      (ids: Tensor) => [ids.dims[1] === 6],
      { _call: async (ids: Tensor) => new Tensor('bool', Uint8Array.of(Number(ids.dims[1] === 6)), [1]) }
    ]) {
      const ids = await idsOf(new TableModel(), {
        input_ids: PROMPT,
        max_new_tokens: 9,
        stopping_criteria: [criterion]
      });
      expect(ids[0]).toHaveLength(6);
    }
  });

  it('generate() pads a row that is done until the others are', async () => {
    const ids = await idsOf(new TableModel({ ...ENDS, pad_token_id: 23 }), {
      input_ids: [
        [5, 3],
        [4, 8]
      ],
      max_new_tokens: 4,
      stopping_criteria: [(all: Tensor) => [all.dims[1]! >= 3, false]]
    });
    expect(ids[0]!.slice(3)).toEqual([23, 23, 23]);
    expect(ids[1]!.slice(3)).not.toContain(23);
  });

  it('generate() gives criteria the scores only when they are kept', async () => {
    const seen: (number | undefined)[] = [];
    const criterion = (_ids: Tensor, scores: readonly Tensor[] | undefined): boolean => {
      seen.push(scores?.length);
      return false;
    };
    const options = { input_ids: PROMPT, max_new_tokens: 2, stopping_criteria: [criterion] };
    await generate(new TableModel(), options);
    await generate(new TableModel(), { ...options, return_dict_in_generate: true, output_scores: true });
    expect(seen).toEqual([undefined, undefined, 1, 2]);
  });

  it('generate() stops before max_length when max_time is over', async () => {
    const model = new TableModel();
    const forward = model.forward.bind(model);
    model.forward = async inputs => {
      await new Promise(resolve => setTimeout(resolve, 12));
      return forward(inputs);
    };
    const ids = await idsOf(model, { input_ids: PROMPT, max_new_tokens: 50, max_time: 0.03 });
    expect(ids[0]!.length).toBeGreaterThan(4);
    expect(ids[0]!.length).toBeLessThan(20);
  });

  it('generate() lets a criterion of a built-in class replace it', async () => {
    const ids = await idsOf(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 9,
      stopping_criteria: [new MaxLengthCriteria(5)]
    });
    expect(ids[0]).toHaveLength(5);
  });

  it('generate() throws when a verdict has the wrong number of rows', async () => {
    const options = { input_ids: PROMPT, max_new_tokens: 2, stopping_criteria: [() => [true, false]] };
    await expect(generate(new TableModel(), options)).rejects.toThrow(
      'one for each of 1 rows: current value is [true,false]'
    );
  });
});

describe('generate() with a streamer', () => {
  it('generate() puts the prompt, then each token, then ends', async () => {
    const streamer = new Log();
    const ids = await idsOf(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 3, streamer });
    expect(streamer.seen).toEqual([PROMPT[0], ...ids[0]!.slice(4).map(id => [id]), 'end']);
  });

  it('generate() waits for an asynchronous streamer', async () => {
    const order: string[] = [];
    const model = new TableModel(ENDS);
    const forward = model.forward.bind(model);
    model.forward = async inputs => {
      order.push('forward');
      return forward(inputs);
    };
    const put = async (): Promise<void> => {
      await new Promise(resolve => setTimeout(resolve, 3));
      order.push('put');
    };
    await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 2,
      streamer: { put, end: () => void order.push('end') }
    });
    expect(order).toEqual(['put', 'forward', 'put', 'forward', 'put', 'end']);
  });

  it('generate() ends the stream when it fails', async () => {
    const streamer = new Log();
    await expect(
      generate(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 3, streamer, top_p: 2, do_sample: true })
    ).rejects.toThrow('top_p');
    expect(streamer.seen.at(-1)).toBe('end');
  });

  it('generate() refuses a streamer with beam search', async () => {
    await expect(
      generate(new TableModel(ENDS), { input_ids: PROMPT, num_beams: 2, streamer: new Log() })
    ).rejects.toThrow('`streamer` cannot be used with beam search (yet!). Make sure that `num_beams` is set to 1.');
  });

  it('generate() puts several tokens at once when decoding is assisted', async () => {
    const streamer = new Log();
    const prompt = [[2, 2, 2, 2, 2]];
    const plain = await idsOf(new TableModel(ENDS), { input_ids: prompt, max_new_tokens: 12 });
    await generate(new TableModel(ENDS), {
      input_ids: prompt,
      max_new_tokens: 12,
      prompt_lookup_num_tokens: 4,
      streamer
    });
    expect(streamer.seen.at(-1)).toBe('end');
    expect(streamer.seen.slice(0, -1).flat()).toEqual(plain[0]);
  });
});

describe('generate() with a signal', () => {
  const stopAt =
    (length: number, controller: AbortController): ((ids: Tensor) => boolean) =>
    ids => {
      if (ids.dims[1] === length) {
        // From a later task, as an interrupt would come.
        setImmediate(() => controller.abort());
      }
      return false;
    };

  it.each([
    ['greedy', {}],
    ['sampling', { do_sample: true, seed: 1 }],
    ['prompt lookup', { prompt_lookup_num_tokens: 2 }]
  ])('generate() ends between two tokens and returns what there is: %s', async (_name, extra) => {
    const controller = new AbortController();
    const streamer = new Log();
    const out = (await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 40,
      signal: controller.signal,
      streamer,
      stopping_criteria: [stopAt(7, controller)],
      ...extra
    })) as Tensor & { aborted?: boolean };
    expect(out.aborted).toBe(true);
    expect(out.dims[1]).toBeGreaterThanOrEqual(7);
    expect(out.dims[1]).toBeLessThan(14);
    expect(streamer.seen.at(-1)).toBe('end');
  });

  it('generate() returns the best texts so far when a beam search is ended', async () => {
    const controller = new AbortController();
    const out = (await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 40,
      num_beams: 3,
      num_return_sequences: 2,
      signal: controller.signal,
      stopping_criteria: [stopAt(7, controller)],
      return_dict_in_generate: true,
      output_scores: true
    })) as GenerateOutput;
    expect(out.aborted).toBe(true);
    expect([...out.sequences.dims]).toEqual([2, out.sequences.dims[1]]);
    expect(out.sequences.dims[1]).toBeGreaterThanOrEqual(7);
    const [best, second] = Array.from(out.sequences_scores!.data as Float32Array);
    expect(best).toBeGreaterThan(second!);
    expect(second).toBeGreaterThan(-100);
  });

  it("generate() takes the running cell's signal where the call gives none", async () => {
    const controller = new AbortController();
    setDefaultSignal(() => controller.signal);
    try {
      const out = (await generate(new TableModel(), {
        input_ids: PROMPT,
        max_new_tokens: 40,
        stopping_criteria: [stopAt(6, controller)]
      })) as Tensor;
      expect(out).toHaveProperty('aborted', true);
    } finally {
      setDefaultSignal(() => undefined);
    }
  });

  it('generate() with a signal of its own still ends when the cell is interrupted', async () => {
    const controller = new AbortController();
    setDefaultSignal(() => controller.signal);
    try {
      const out = await generate(new TableModel(), {
        input_ids: PROMPT,
        max_new_tokens: 40,
        signal: new AbortController().signal,
        stopping_criteria: [stopAt(6, controller)]
      });
      expect(out).toHaveProperty('aborted', true);
    } finally {
      setDefaultSignal(() => undefined);
    }
  });

  it('generate() that ends by itself is not marked', async () => {
    const out = await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 2,
      signal: new AbortController().signal
    });
    expect(out).not.toHaveProperty('aborted');
  });

  it('generate() runs nothing when the signal has fired already', async () => {
    const model = new TableModel();
    const out = (await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 2,
      signal: AbortSignal.abort()
    })) as Tensor;
    expect(rowsOf(out)).toEqual(PROMPT);
    expect(model.passes).toHaveLength(0);
  });
});

describe("generate() and the model's inputs", () => {
  it('generate() passes an input a subclass reads through prepare_inputs_for_generation to forward', async () => {
    const seen: unknown[] = [];
    class WithImages extends TableModel {
      override prepare_inputs_for_generation(
        input_ids: Tensor,
        kwargs: Record<string, unknown>
      ): Record<string, unknown> {
        seen.push(['prepare', kwargs['images'], kwargs['is_first_iteration']]);
        return super.prepare_inputs_for_generation(input_ids, kwargs);
      }

      override async forward(inputs: Record<string, unknown>): ReturnType<TableModel['forward']> {
        seen.push(['forward', inputs['images']]);
        return super.forward(inputs);
      }
    }
    await generate(new WithImages(ENDS), { input_ids: PROMPT, max_new_tokens: 2, images: 'a cat' });
    expect(seen).toEqual([
      ['prepare', 'a cat', true],
      ['forward', 'a cat'],
      ['prepare', 'a cat', undefined],
      ['forward', 'a cat']
    ]);
  });

  it('generate() still refuses a misspelt option of such a subclass', async () => {
    class WithImages extends TableModel {
      override async forward(inputs: Record<string, unknown>): ReturnType<TableModel['forward']> {
        return super.forward({ ...inputs, images: undefined });
      }
    }
    await expect(generate(new WithImages(ENDS), { input_ids: PROMPT, images: 1, max_new_tokns: 3 })).rejects.toThrow(
      "The following `model_kwargs` are not used by the model: ['max_new_tokns'] (note: typos in the generate arguments will also show up in this list)"
    );
  });

  it('generate() accepts a method put on the object', async () => {
    const model = new TableModel(ENDS);
    const forward = model.forward.bind(model);
    model.forward = async inputs => forward({ ...inputs, hint: inputs['hint'] });
    await expect(generate(model, { input_ids: PROMPT, max_new_tokens: 1, hint: 1 })).resolves.toBeDefined();
  });

  it('generate() drops pixel_values after the first pass', async () => {
    class Seeing extends TableModel {
      override get forward_parameters(): string[] {
        return [...super.forward_parameters, 'pixel_values'];
      }
    }
    const model = new Seeing(ENDS);
    await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 3,
      pixel_values: new Tensor('float32', new Float32Array(1), [1])
    });
    expect(model.passes.map(inputs => 'pixel_values' in inputs)).toEqual([true, false, false]);
  });

  it('generate() runs the prompt once and then one position at a time', async () => {
    const model = new TableModel();
    await generate(model, { input_ids: PROMPT, max_new_tokens: 3 });
    expect(model.seen).toEqual([
      [1, 4],
      [1, 1],
      [1, 1]
    ]);
    expect(model.passes.map(inputs => inputs['logits_to_keep'])).toEqual([1, 1, 1]);
    expect(model.passes.every(inputs => !('attention_mask' in inputs))).toBe(true);
  });

  it('generate() numbers positions from the first attended token', async () => {
    const model = new TableModel(ENDS);
    await generate(model, {
      input_ids: [
        [0, 0, 5],
        [4, 8, 1]
      ],
      attention_mask: [
        [0, 0, 1],
        [1, 1, 1]
      ],
      max_new_tokens: 2
    });
    expect(model.passes.map(inputs => rowsOf(inputs['position_ids'] as Tensor))).toEqual([
      [
        [0, 0, 0],
        [0, 1, 2]
      ],
      [[1], [3]]
    ]);
    expect(rowsOf(model.passes[1]!['attention_mask'] as Tensor)).toEqual([
      [0, 0, 1, 1],
      [1, 1, 1, 1]
    ]);
  });

  it('generate() does not change what it is given', async () => {
    const options = {
      input_ids: [
        [5, 3],
        [4, 8]
      ],
      attention_mask: [
        [0, 1],
        [1, 1]
      ],
      max_new_tokens: 2,
      num_beams: 2
    };
    const copy = structuredClone(options);
    const model = new TableModel(ENDS);
    await generate(model, options);
    expect(options).toEqual(copy);
    expect(model.generation_config).toEqual(ENDS);
  });

  it('generate() throws on ragged rows, on other things than integers, and on prompts without tokens', async () => {
    const run = (input_ids: unknown): Promise<unknown> =>
      generate(new TableModel(ENDS), { input_ids, max_new_tokens: 1 });
    await expect(run([[1, 2], [3]])).rejects.toThrow(
      'Cannot use input_ids as its rows must have one length: found 1 beside 2'
    );
    await expect(run([[1.5]])).rejects.toThrow('Cannot use input_ids as it must hold integers: current value is 1.5');
    await expect(run([['a']])).rejects.toThrow('Cannot use input_ids as it must hold numbers: current value is a');
    await expect(run('text')).rejects.toThrow('Cannot use input_ids as it must be a Tensor or nested number arrays');
    await expect(run([1, 2])).rejects.toThrow('must have shape [batch, pos]: current shape is [2]');
    await expect(run([[]])).rejects.toThrow('at least one token: current shape is [1,0]');
  });

  it('generate() refuses a model configuration changed to control generation', async () => {
    const model = new TableModel(ENDS);
    Object.assign(model.config, { temperature: 0.5 });
    await expect(generate(model, { input_ids: PROMPT, max_new_tokens: 1 })).rejects.toThrow(
      "We detected the following values set - {'temperature': 0.5}. This strategy to control generation is not supported anymore."
    );
  });

  it('generate() refuses what it does not carry out, rather than ignoring it', async () => {
    const refused: [string, unknown][] = [
      ['cache_implementation', 'static'],
      ['compile_config', {}],
      ['token_healing', true],
      ['assistant_early_exit', 2],
      ['use_mtp', true],
      ['synced_gpus', true],
      ['custom_generate', 'x/y'],
      ['diversity_penalty', 0.5],
      ['speculation_type', 'dflash'],
      ['max_cache_len', 9],
      ['prefill_chunk_size', 0],
      ['num_beams', 1.5]
    ];
    for (const [name, value] of refused) {
      await expect(
        generate(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 1, [name]: value })
      ).rejects.toThrow();
    }
  });
});

describe('generate() and the cache', () => {
  it('generate() goes on from the cache of an earlier turn, running only what it lacks', async () => {
    const first = (await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 4,
      return_dict_in_generate: true
    })) as GenerateOutput;
    const next = [[...rowsOf(first.sequences)[0]!, 2, 7]];
    const model = new TableModel();
    const cache = first.past_key_values as TableCache;
    expect(cache.get_seq_length()).toBe(7);
    const ids = await idsOf(model, { input_ids: next, past_key_values: cache, max_new_tokens: 3 });
    expect(model.seen).toEqual([
      [1, 3],
      [1, 1],
      [1, 1]
    ]);
    expect(ids).toEqual(await idsOf(new TableModel(), { input_ids: next, max_new_tokens: 3 }));
    expect(cache.disposed).toBe(false);
  });

  it('generate() drafts from a cache of an earlier turn too', async () => {
    const first = (await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 4,
      return_dict_in_generate: true
    })) as GenerateOutput;
    const next = [[...rowsOf(first.sequences)[0]!, 2, 7]];
    const plain = await idsOf(new TableModel(), { input_ids: next, max_new_tokens: 6 });
    const ids = await idsOf(new TableModel(), {
      input_ids: next,
      past_key_values: first.past_key_values,
      max_new_tokens: 6,
      prompt_lookup_num_tokens: 3
    });
    expect(ids).toEqual(plain);
  });

  it('generate() takes new tokens alone with a mask over old and new', async () => {
    const first = (await generate(new TableModel(), {
      input_ids: PROMPT,
      max_new_tokens: 4,
      return_dict_in_generate: true
    })) as GenerateOutput;
    const all = rowsOf(first.sequences)[0]!;
    const fresh = [all[7]!, 2, 7];
    const whole = await idsOf(new TableModel(), { input_ids: [[...all, 2, 7]], max_new_tokens: 3 });
    const ids = await idsOf(new TableModel(), {
      input_ids: [fresh],
      attention_mask: [new Array<number>(10).fill(1)],
      past_key_values: first.past_key_values,
      max_new_tokens: 3
    });
    expect(ids[0]!.slice(3)).toEqual(whole[0]!.slice(10));
  });

  it('generate() throws when the cache leaves nothing to run', async () => {
    const cache = new TableCache();
    cache.rows = [[1, 2, 3, 4]];
    await expect(
      generate(new TableModel(), { input_ids: PROMPT, past_key_values: cache, max_new_tokens: 1 })
    ).rejects.toThrow(
      'Cannot continue from past_key_values as they must be shorter than the prompt of 4 tokens: they hold 4. Crop them: past_key_values.crop(-1)'
    );
    await expect(
      generate(new TableModel(), { input_ids: PROMPT, past_key_values: [[]], max_new_tokens: 1 })
    ).rejects.toThrow('Passing a tuple of `past_key_values` is not supported anymore. Please use a `Cache` instance.');
  });

  it("generate() frees the caches of a call that fails, the assistant's too", async () => {
    const failing = (ids: Tensor): boolean => {
      if (ids.dims[1]! >= 7) {
        throw new Error('enough');
      }
      return false;
    };
    for (const extra of [{}, { num_beams: 2 }, { assistant_model: new TableModel() }]) {
      const model = new TableModel();
      const options = { input_ids: PROMPT, max_new_tokens: 9, stopping_criteria: [failing], ...extra };
      await expect(generate(model, options)).rejects.toThrow('enough');
      const assistant = (extra as { assistant_model?: TableModel }).assistant_model;
      for (const each of assistant ? [model, assistant] : [model]) {
        const caches = each.passes.map(inputs => inputs['past_key_values'] as TableCache | undefined);
        expect(caches.at(-1)?.disposed).toBe(true);
      }
    }
  });

  it('generate() leaves a cache it was given to its owner when it fails', async () => {
    const cache = new TableCache();
    const fail = (): boolean => {
      throw new Error('enough');
    };
    const options = { input_ids: PROMPT, max_new_tokens: 3, past_key_values: cache, stopping_criteria: [fail] };
    await expect(generate(new TableModel(), options)).rejects.toThrow('enough');
    expect(cache.disposed).toBe(false);
  });

  it('generate() frees a cache it made, and leaves one it returns', async () => {
    const model = new TableModel();
    await generate(model, { input_ids: PROMPT, max_new_tokens: 2 });
    expect((model.passes[1]!['past_key_values'] as TableCache).disposed).toBe(true);
    const out = (await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 2,
      return_dict_in_generate: true
    })) as GenerateOutput;
    expect((out.past_key_values as TableCache).disposed).toBe(false);
  });
});

describe('generate() and chance', () => {
  const options = { input_ids: PROMPT, max_new_tokens: 12, do_sample: true, top_k: 0, temperature: 2 };

  it('generate() repeats itself with a seed, and differs with another', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map(seed => idsOf(new TableModel(), { ...options, seed })));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('generate() without a seed follows set_seed', async () => {
    set_seed(3);
    const a = await idsOf(new TableModel(), options);
    const b = await idsOf(new TableModel(), options);
    set_seed(3);
    expect(await idsOf(new TableModel(), options)).toEqual(a);
    expect(a).not.toEqual(b);
  });

  it('generate() draws tokens by their probabilities', async () => {
    const only = new TopKLogitsWarper(4);
    const model = new TableModel();
    const { scores } = (await generate(model, {
      input_ids: PROMPT,
      max_new_tokens: 1,
      logits_processor: [only],
      return_dict_in_generate: true,
      output_scores: true
    })) as GenerateOutput;
    const exp = Array.from(scores![0]!.data as Float32Array, Math.exp);
    const sum = exp.reduce((a, b) => a + b, 0);
    const runs = 2000;
    const ids = await idsOf(model, {
      input_ids: PROMPT,
      max_new_tokens: 1,
      do_sample: true,
      top_k: 4,
      num_return_sequences: runs,
      seed: 8
    });
    const counts = new Array<number>(24).fill(0);
    ids.forEach(row => counts[row[4]!]!++);
    // Within four standard deviations of a binomial count.
    counts.forEach((n, id) => {
      const p = exp[id]! / sum;
      expect(Math.abs(n - runs * p)).toBeLessThanOrEqual(4 * Math.sqrt(runs * p * (1 - p)) + 1e-9);
    });
  });
});

describe('generate() and options that would do nothing', () => {
  const refused: [string, Record<string, unknown>, string][] = [
    ['do_sample', { do_sample: 1 }, 'Cannot generate as do_sample must be true or false: current value is 1'],
    ['temperature', { temperature: '0.7' }, 'Cannot generate as temperature must be a number: current value is "0.7"'],
    [
      'num_assistant_tokens',
      { num_assistant_tokens: 3 },
      'Cannot use num_assistant_tokens as assistant_model must be given with it'
    ],
    ['max_matching_ngram_size', { max_matching_ngram_size: 3 }, 'as prompt_lookup_num_tokens must be given with it'],
    ['negative_prompt_ids', { negative_prompt_ids: [[1]] }, 'as guidance_scale must be given with it'],
    ['penalty_alpha', { penalty_alpha: 0.6, do_sample: true }, 'Cannot use penalty_alpha as top_k above 1'],
    ['top_p', { top_p: 1.5, do_sample: true }, '`top_p` has to be a float > 0 and < 1, but is 1.5'],
    ['eta_cutoff', { eta_cutoff: -0.1, do_sample: true }, '`eta_cutoff` has to be a float > 0 and < 1, but is -0.1']
  ];
  it.each(refused)('generate() refuses %s without what it needs', async (_name, options, message) => {
    await expect(generate(new TableModel(ENDS), { input_ids: PROMPT, max_new_tokens: 1, ...options })).rejects.toThrow(
      message
    );
  });

  it('generate() takes num_assistant_tokens of the call where the assistant has none of its own', async () => {
    const drafts = async (own: object, given: object): Promise<number> => {
      const model = new TableModel();
      await generate(model, {
        input_ids: [[2, 2, 2]],
        max_new_tokens: 9,
        assistant_model: new TableModel({ ...own, assistant_confidence_threshold: 0 }),
        ...given
      });
      return Math.max(...model.seen.slice(1).map(([, length]) => length! - 1));
    };
    expect(await drafts({}, { num_assistant_tokens: 3 })).toBe(3);
    expect(await drafts({ num_assistant_tokens: 2 }, { num_assistant_tokens: 3 })).toBe(2);
  });
});

describe('LogitsProcessorList', () => {
  it('LogitsProcessorList is made from processors and applies them in order', async () => {
    const list = new LogitsProcessorList([(_ids, scores) => editRows(scores, row => (row[0] = 1))]);
    list.append((_ids, scores) => editRows(scores, row => (row[0] = row[0]! * 10)));
    expect(list).toHaveLength(2);
    expect(list.filter(Boolean)).toHaveLength(2);
    const out = await list.__call__(
      new Tensor('int64', BigInt64Array.of(1n), [1, 1]),
      new Tensor('float32', new Float32Array(2), [1, 2])
    );
    expect(out.data[0]).toBe(10);
  });
});

describe('StoppingCriteriaList', () => {
  it('StoppingCriteriaList stops a row where any criterion does, and knows its max_length', async () => {
    const list = new StoppingCriteriaList([(): boolean[] => [true, false], new MaxLengthCriteria(9)]);
    expect(list.max_length).toBe(9);
    expect(await list.__call__(new Tensor('int64', BigInt64Array.of(1n, 2n), [2, 1]), undefined)).toEqual([
      true,
      false
    ]);
    list.append(() => true);
    expect(await list.__call__(new Tensor('int64', BigInt64Array.of(1n, 2n), [2, 1]), undefined)).toEqual([true, true]);
  });
});
