/** What the fixtures of make_fixtures.py hold. Used in Node and in the browser's worker. */

/** Values and shape of one expected tensor. */
export interface Expected {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export type Inputs = { readonly [name: string]: unknown };

/** One forward pass. */
export interface ForwardRun {
  readonly name: string;
  readonly inputs: Inputs;
  /** Inputs that are tensors of the expected file. */
  readonly tensor_inputs?: readonly string[];
  readonly outputs: readonly string[];
  /** Per output its shape, or the shapes of its entries. */
  readonly shapes: { readonly [output: string]: readonly number[] | readonly (readonly number[])[] };
  readonly past: Past | null;
  readonly past_before?: Past;
  /** For the cached run: how many positions the first call has. */
  readonly split?: number;
}

/** Shapes of keys and values per layer. */
export type Past = { readonly [part: string]: readonly (readonly [readonly number[], readonly number[]])[] };

/** One call of generate. */
export interface GenerateRun {
  readonly name: string;
  readonly inputs: Inputs;
  readonly options: { readonly [name: string]: unknown };
  readonly sequences?: number[][];
  readonly sequences_scores?: number[];
  /** Name of the expected processed scores of the first step. */
  readonly scores?: string;
  readonly shapes?: { readonly [output: string]: unknown };
}

/** What PyTorch's forward hooks saw and what edits through them gave. */
export interface Interventions {
  readonly inputs: Inputs;
  /** Inputs of the run that `@other` names. */
  readonly other: Inputs;
  readonly sites: readonly string[];
  readonly edits: readonly { readonly name: string; readonly edit: { readonly [key: string]: unknown } }[];
}

export interface Fixture {
  readonly folder: string;
  readonly model_type: string;
  readonly variant: string;
  /** Python's class, e.g. Qwen2ForCausalLM. */
  readonly class: string;
  readonly parameters: number;
  readonly runs: readonly ForwardRun[];
  readonly generate: readonly GenerateRun[];
  readonly interventions?: Interventions;
  tensor(name: string): Expected;
}

/** All float32 tensors of a small safetensors file: a reader of its own, as the library's is what is tested. */
export function parseTensors(bytes: Uint8Array): Map<string, Expected> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = Number(view.getBigUint64(0, true));
  const entries = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + header))) as {
    [name: string]: { dtype: string; shape: number[]; data_offsets: [number, number] };
  };
  const tensors = new Map<string, Expected>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    if (name === '__metadata__') {
      continue;
    }
    if (dtype !== 'F32') {
      throw new TypeError(`Cannot read ${name} as it must be F32: current dtype is ${dtype}`);
    }
    const [from, to] = data_offsets;
    const data = new Float32Array((to - from) / 4);
    new Uint8Array(data.buffer).set(bytes.subarray(8 + header + from, 8 + header + to));
    tensors.set(name, { dims: shape, data });
  }
  return tensors;
}
