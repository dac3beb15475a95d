import type { EditSite } from '../graph/names';
import type { SiteEdit } from '../inference/stack-runner';
import type { Architecture } from '../models/architecture';
import type { Tensor } from '../tensor/tensor';

/** Inputs as for `forward`. */
export interface Inputs {
  readonly [key: string]: unknown;
}

/** What looking inside needs of a model; `modeling/` implements it. */
export interface InspectableModel {
  readonly architecture: Architecture;
  /** Runs a forward, brings back values by graph name, changes values inside. */
  run(
    inputs: Inputs,
    probe: { readonly fetch?: readonly string[]; readonly edits?: ReadonlyMap<EditSite, SiteEdit> }
  ): Promise<{ readonly output: { readonly [key: string]: any }; readonly values: ReadonlyMap<string, Tensor> }>;
  /** A canonical weight as float32 (graph/stack.ts, names; models/architecture.ts). */
  weight(canonical: string, dims: readonly number[]): Promise<Float32Array>;
  /** Residual states [rows, d_model] through the final norm and the unembedding: [rows, vocab_size]. */
  unembed(states: Float32Array): Promise<Tensor>;
  /** Rows of the unembedding matrix, [ids.length, d_model], and their biases. */
  unembedding(ids: readonly number[]): Promise<{ weight: Float32Array; bias: Float32Array }>;
}
