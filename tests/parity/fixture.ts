/** Reads the fixtures of make_fixtures.py. A reader of its own: the library's is what is tested. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

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

const root = join(__dirname, 'fixtures');

/** Names of the folders inside a folder. */
function folders(path: string): string[] {
  return readdirSync(path)
    .filter(name => statSync(join(path, name)).isDirectory())
    .sort();
}

/** Every fixture there is; FAMILY=qwen2 or FAMILY=qwen2/sliding in the environment picks some. */
export function fixtures(): Fixture[] {
  const [wanted, variant] = (process.env['FAMILY'] ?? '').split('/');
  return folders(root)
    .filter(model_type => !wanted || model_type === wanted)
    .flatMap(model_type => folders(join(root, model_type)).map(name => ({ model_type, name })))
    .filter(({ name }) => !variant || name === variant)
    .map(({ model_type, name }) => load(join(root, model_type, name)));
}

function load(folder: string): Fixture {
  const description = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Omit<
    Fixture,
    'folder' | 'tensor'
  >;
  let tensors: Map<string, Expected> | undefined;
  return {
    ...description,
    folder,
    tensor(name) {
      tensors ??= readTensors(join(folder, 'expected.safetensors'));
      const found = tensors.get(name);
      if (!found) {
        throw new RangeError(`Cannot compare ${name} as expected.safetensors must hold it: ${folder} does not`);
      }
      return found;
    }
  };
}

/** All float32 tensors of a small safetensors file. */
export function readTensors(path: string): Map<string, Expected> {
  const bytes = readFileSync(path);
  const header = Number(bytes.readBigUInt64LE(0));
  const entries = JSON.parse(bytes.subarray(8, 8 + header).toString('utf8')) as {
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
    const copy = Uint8Array.prototype.slice.call(bytes, 8 + header + from, 8 + header + to);
    tensors.set(name, { dims: shape, data: new Float32Array(copy.buffer, copy.byteOffset, copy.byteLength / 4) });
  }
  return tensors;
}
