/**
 * The comparison with Python of one forward pass or one call of generate, in words; used in Node and in the browser's
 * worker. Tolerance 1e-4 of the largest value of each tensor: sums are made in another order.
 */
import { Tensor, type PreTrainedModel } from '../../kernel';
import type { Expected, Fixture, ForwardRun, GenerateRun, Inputs, Past } from './description';

const TOLERANCE = 1e-4;

/** Python repeats the shared heads before it caches them; here they are kept once, as in other families. */
const REPEATED_HEADS = ['falcon/new-decoder'];

/** One layer of a cache, in memory or on the device. */
interface CachedLayer {
  readonly keys: { readonly dims: readonly number[] };
  readonly values: { readonly dims: readonly number[] };
}

interface Cache {
  readonly layers: readonly CachedLayer[];
  readonly cross: readonly CachedLayer[];
}

/** Where the largest difference is, in words, or undefined when all is within tolerance. */
export function difference(actual: Tensor | undefined, expected: Expected): string | undefined {
  if (!(actual instanceof Tensor)) {
    return `no tensor: ${String(actual)}`;
  }
  if (actual.dims.join() !== expected.dims.join()) {
    return `shape [${actual.dims}], expected [${expected.dims}]`;
  }
  const values = actual.numbers();
  let largest = 0;
  for (const value of expected.data) {
    if (Number.isFinite(value)) {
      largest = Math.max(largest, Math.abs(value));
    }
  }
  let worst = 0;
  let place = -1;
  expected.data.forEach((want, i) => {
    const off = Number.isFinite(want) ? Math.abs(values[i]! - want) : Object.is(values[i], want) ? 0 : Infinity;
    if (!(off <= worst)) {
      worst = off;
      place = i;
    }
  });
  if (worst <= TOLERANCE * Math.max(largest, 1e-6)) {
    return undefined;
  }
  return `off by ${worst} at ${place} of [${expected.dims}]: ${values[place]}, expected ${expected.data[place]}, largest ${largest}`;
}

function inputsOf(fixture: Fixture, run: ForwardRun): Inputs {
  const inputs: Record<string, unknown> = { ...run.inputs };
  for (const name of run.tensor_inputs ?? []) {
    const { data, dims } = fixture.tensor(`${run.name}.input.${name}`);
    inputs[name] = new Tensor('float32', data.slice(), dims);
  }
  return inputs;
}

/** What differs in one forward pass. */
export async function forwardFaults(model: PreTrainedModel, fixture: Fixture, run: ForwardRun): Promise<string[]> {
  let inputs = inputsOf(fixture, run);
  const faults: string[] = [];
  const repeated = REPEATED_HEADS.includes(`${fixture.model_type}/${fixture.variant}`);
  if (run.split !== undefined) {
    const ids = inputs['input_ids'] as number[][];
    const first = await model.forward({ input_ids: ids.map(row => row.slice(0, run.split)), use_cache: true });
    faults.push(...pastFaults(first['past_key_values'] as Cache, run.past_before!, repeated));
    inputs = {
      input_ids: ids.map(row => row.slice(run.split)),
      past_key_values: first['past_key_values'],
      use_cache: true,
      output_attentions: true,
      output_hidden_states: true
    };
  }
  const out = await model.forward(inputs);
  for (const output of run.outputs) {
    const value = output.split('.').reduce((at: unknown, key) => (at as Inputs | undefined)?.[key], out);
    const shapes = run.shapes[output]!;
    if (Array.isArray(shapes[0])) {
      const parts = [...((value ?? []) as Tensor[])];
      if (parts.length !== shapes.length) {
        faults.push(`${output}: ${parts.length} entries, expected ${shapes.length}`);
      }
      parts.slice(0, shapes.length).forEach((part, i) => {
        collect(faults, `${output}[${i}]`, difference(part, fixture.tensor(`${run.name}.${output}.${i}`)));
      });
    } else {
      collect(faults, output, difference(value as Tensor, fixture.tensor(`${run.name}.${output}`)));
    }
  }
  if (run.past && out['past_key_values'] !== undefined) {
    faults.push(...pastFaults(out['past_key_values'] as Cache, run.past, repeated));
  }
  if (run.past && (run.split !== undefined || run.inputs['use_cache']) && out['past_key_values'] === undefined) {
    faults.push('past_key_values: absent');
  }
  return faults;
}

function collect(faults: string[], name: string, fault: string | undefined): void {
  if (fault) {
    faults.push(`${name}: ${fault}`);
  }
}

/** Shapes of the cache against Python's. */
function pastFaults(cache: Cache, past: Past, repeatedHeads: boolean): string[] {
  const own = past['self_attention']!;
  if (cache.layers.length !== own.length) {
    return [`past_key_values: ${cache.layers.length} layers, expected ${own.length}`];
  }
  const faults: string[] = [];
  const check = (name: string, actual: readonly number[], expected: readonly number[]): void => {
    const wanted = repeatedHeads ? expected.map((length, axis) => (axis === 1 ? actual[1]! : length)) : expected;
    collect(faults, name, actual.join() === wanted.join() ? undefined : `[${actual}], expected [${wanted}]`);
  };
  own.forEach(([keys, values], i) => {
    const layer = cache.layers[i]!;
    check(`past keys ${i}`, layer.keys.dims, keys);
    check(`past values ${i}`, layer.values.dims, values);
  });
  past['cross_attention']?.forEach(([keys, values], i) => {
    check(`past cross keys ${i}`, cache.cross[i]?.keys.dims ?? [], keys);
    check(`past cross values ${i}`, cache.cross[i]?.values.dims ?? [], values);
  });
  return faults;
}

interface Generated {
  readonly sequences: Tensor;
  readonly sequences_scores?: Tensor;
  readonly scores?: readonly Tensor[];
  readonly logits?: readonly Tensor[];
  readonly [output: string]: unknown;
}

/** What differs in one call of generate. */
export async function generateFaults(model: PreTrainedModel, fixture: Fixture, run: GenerateRun): Promise<string[]> {
  const steps = run.shapes !== undefined;
  const wanted = {
    return_dict_in_generate: true,
    output_scores: true,
    ...(run.scores || steps ? { output_logits: true } : {}),
    ...(steps ? { output_attentions: true, output_hidden_states: true } : {}),
    ...(run.scores ? { seed: 0 } : {})
  };
  const out = (await model.generate({ ...run.inputs, ...run.options, ...wanted })) as unknown as Generated;
  const faults: string[] = [];
  if (run.sequences) {
    const got = JSON.stringify(out.sequences.tolist());
    const expected = JSON.stringify(run.sequences);
    collect(faults, 'sequences', got === expected ? undefined : `${got}, expected ${expected}`);
  }
  if (run.sequences_scores) {
    const data = Float32Array.from(run.sequences_scores);
    collect(faults, 'sequences_scores', difference(out.sequences_scores, { dims: [data.length], data }));
  }
  if (run.scores) {
    collect(faults, 'scores', difference(out.scores?.[0], fixture.tensor(run.scores)));
    collect(faults, 'logits', difference(out.logits?.[0], fixture.tensor('generate.logits')));
    collect(faults, 'sampled id', sampledFault(out, fixture.tensor(run.scores)));
  }
  if (steps) {
    faults.push(...stepFaults(out, fixture, run));
  }
  return faults;
}

/** A sampled id must be one the processors left. */
function sampledFault(out: Generated, scores: Expected): string | undefined {
  const [rows, vocab] = scores.dims as [number, number];
  for (let row = 0; row < rows; row++) {
    const id = out.sequences.at(row, -1).item();
    if (!Number.isFinite(scores.data[row * vocab + id]!)) {
      return `row ${row} drew ${id}, whose score is ${scores.data[row * vocab + id]}`;
    }
  }
  return undefined;
}

/** Shapes of what each step returns, and the values of the last. */
function stepFaults(out: Generated, fixture: Fixture, run: GenerateRun): string[] {
  const faults: string[] = [];
  const shape = (value: unknown): unknown =>
    value instanceof Tensor ? value.dims : Array.isArray(value) ? value.map(shape) : String(value);
  for (const [output, shapes] of Object.entries(run.shapes!)) {
    const got = JSON.stringify(shape(out[output]));
    const expected = JSON.stringify(shapes);
    collect(faults, `${output} shapes`, got === expected ? undefined : `${got}, expected ${expected}`);
  }
  for (const output of ['logits', 'scores', 'attentions', 'hidden_states', 'decoder_attentions', 'cross_attentions']) {
    if (run.shapes![output] === undefined) {
      continue;
    }
    const last = (out[output] as readonly unknown[] | undefined)?.at(-1);
    (Array.isArray(last) ? last : [last]).forEach((value, i) => {
      collect(
        faults,
        `last ${output}[${i}]`,
        difference(value as Tensor, fixture.tensor(`generate.steps.${output}.${i}`))
      );
    });
  }
  return faults;
}
