/** Golden facts of real models, measured with torch and transformers on the same files (float32, eager attention). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { nodePlaces } from '../../kernel/hub/node-resolve';

/** One head's score. */
export interface HeadScore {
  readonly head: string;
  readonly layer: number;
  readonly index: number;
  readonly score: number;
}

export interface Golden {
  readonly model: {
    readonly layers: number;
    readonly heads: number;
    readonly kv_heads: number;
    readonly head_dim: number;
  };
  readonly repeated_random_tokens: {
    /** Length of the repeated part. */
    readonly T: number;
    readonly prefix_token: number;
    /** Per seed the repeated part. */
    readonly token_ids: readonly number[][];
    readonly full: { readonly [kind: string]: readonly number[][] };
    readonly top: { readonly [kind: string]: readonly HeadScore[] };
    readonly loss_nats: readonly { readonly seed: number; readonly first_half: number; readonly second_half: number }[];
  };
  readonly ioi: {
    readonly clean: string;
    readonly clean_ids: readonly number[];
    readonly corrupted_ids: readonly number[];
    readonly io: { readonly id: number };
    readonly s: { readonly id: number };
    readonly logit_diff_clean: number;
    readonly logit_diff_corrupted: number;
  };
  readonly ioi_8_prompts?: {
    readonly prompts: readonly {
      readonly prompt: string;
      readonly token_ids: readonly number[];
      readonly io: readonly [id: number, text: string];
      readonly s: readonly [id: number, text: string];
      readonly logit_diff: number;
    }[];
    readonly mean_logit_diff: number;
  };
  readonly greedy_generation?: { readonly prompt: string; readonly ids: readonly number[]; readonly text: string };
  readonly attention_sink: {
    readonly text: string;
    readonly token_ids: readonly number[];
    readonly mean_over_heads: number;
    readonly heads_above_half: number;
    readonly token_log_probs: readonly number[];
    readonly mean_nll: number;
    readonly max_abs_residual_element: number;
  };
}

/** Reads the facts of a model. */
export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(join(__dirname, `${name}.json`), 'utf8')) as Golden;
}

/** Whether a model is where `jupyter loupe pull` and LOUPE_MODEL_DIRS have them. */
export function isPresent(name: string): boolean {
  return nodePlaces(process.env, process.cwd()).modelDirs.some(folder => existsSync(join(folder, name)));
}
