/**
 * What every family must give on every device: the same numbers as Python's transformers, float32, eager attention.
 * Tolerance 1e-4 of the largest value of each tensor: sums are made in another order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createNodeHost } from '../../kernel/host/node';
import {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForMaskedLM,
  AutoModelForSeq2SeqLM,
  AutoModelForSequenceClassification,
  concreteClasses,
  setHost,
  setNotices,
  type PreTrainedModel,
  type Tensor
} from '../../kernel';
import type { DeviceName } from '../../kernel/host/host';
import { difference, forwardFaults, generateFaults } from './compare';
import type { Fixture } from './description';

export interface SuiteOptions {
  readonly device: DeviceName;
  /** Which runs of generate; all without it. */
  readonly generate?: readonly string[];
}

/** Registers the tests of one fixture. */
export function familySuite(fixture: Fixture, { device, generate }: SuiteOptions): void {
  const title = `${fixture.model_type}/${fixture.variant} (${fixture.class}) on ${device}`;
  describe(title, () => {
    let model: PreTrainedModel;
    const calls = fixture.generate.filter(run => !generate || generate.includes(run.name));

    beforeAll(async () => {
      model = await loader(fixture).from_pretrained(fixture.folder, { device, dtype: 'float32' });
    });
    afterAll(() => model?.dispose());

    it('loads as the class and size Python has', () => {
      expect(model.constructor.name).toBe(fixture.class);
      expect(model.device).toBe(device);
      expect(model.num_parameters()).toBe(fixture.parameters);
    });

    it.each(fixture.runs.map(run => [run.name, run] as const))('forward() equals Python: %s', async (_name, run) => {
      expect(await forwardFaults(model, fixture, run)).toEqual([]);
    });

    if (isDecoder(fixture) && device === 'cpu') {
      it('gives the last hidden state as the bare model, and the same as a tuple', async () => {
        const { input_ids } = fixture.runs.find(run => run.name === 'plain')!.inputs;
        const expected = (await model.forward({ input_ids, output_hidden_states: true }))['hidden_states'] as Tensor[];
        const bare = await AutoModel.from_pretrained(fixture.folder, { device, dtype: 'float32' });
        const out = await bare.forward({ input_ids, use_cache: false });
        const last = expected.at(-1)!;
        const wanted = { dims: last.dims, data: last.data as Float32Array };
        expect(out.keys()).toEqual(['last_hidden_state']);
        expect(difference(out['last_hidden_state'] as Tensor, wanted)).toBeUndefined();
        const tuple = (await bare.forward({ input_ids, use_cache: false, return_dict: false })) as unknown as Tensor[];
        expect(tuple.map(part => difference(part, wanted))).toEqual([undefined]);
        await bare.dispose();
      });
    }

    if (calls.length) {
      it.each(calls.map(run => [run.name, run] as const))('generate() equals Python: %s', async (_name, run) => {
        expect(await generateFaults(model, fixture, run)).toEqual([]);
      });
    }
  });
}

type Loader = { from_pretrained(name: string, options: Record<string, unknown>): Promise<PreTrainedModel> };

/** Endings of Python's class names and the Auto class that must find them. */
const AUTO: readonly (readonly [RegExp, Loader])[] = [
  [/ForCausalLM$|LMHeadModel$/, AutoModelForCausalLM],
  [/ForMaskedLM$/, AutoModelForMaskedLM],
  [/ForSequenceClassification$/, AutoModelForSequenceClassification],
  [/ForConditionalGeneration$/, AutoModelForSeq2SeqLM],
  [/ForImageClassification$/, AutoModelForImageClassification],
  [/Model$/, AutoModel]
];

/** What loads a fixture: its Auto class, or for projections, which have none, the class itself. */
function loader({ class: name }: Fixture): Loader {
  const auto = AUTO.find(([ending]) => ending.test(name))?.[1];
  const Class = concreteClasses()[name] as Loader | undefined;
  if (!Class) {
    throw new RangeError(`Cannot test ${name} as a class must have this name: there is none`);
  }
  return auto ?? Class;
}

function isDecoder({ class: name }: Fixture): boolean {
  return /CausalLM$|LMHeadModel$/.test(name);
}

/** Installs Node's host with a cache of its own, quietly; removes the cache at the end. */
export function useNodeHost(): void {
  let cacheDir: string;
  beforeAll(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'loupe-parity-'));
    setHost(createNodeHost({ cacheDir, threads: 1 }));
    setNotices(() => undefined);
  });
  afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));
}
