/** The models of make_table_fixtures.py in TypeScript: logits from small tables, state from a cache. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  EncoderOutput,
  GenerationCache,
  GenerationEncoder,
  GenerationForwardOutput,
  GenerativeModel
} from '../../../../kernel/generation/model';
import { prepareInputsForGeneration } from '../../../../kernel/generation/prepare-inputs';
import { Tensor } from '../../../../kernel/tensor/tensor';

export interface TableCase {
  model?: 'encoder-decoder';
  generation_config?: Record<string, unknown>;
  assistant?: Record<string, unknown>;
  shapes?: boolean;
  options: Record<string, unknown>;
  expect: Record<string, unknown> & { error?: string; warnings?: string[]; sequences: number[][]; keys?: string[] };
}

export const fixtures = JSON.parse(readFileSync(join(__dirname, 'fixtures/table.json'), 'utf8')) as {
  tables: { T: string; A: string; P: string; G: string; E: number[] };
  cases: TableCase[];
};

/** Float32 numbers from base64. */
export function unpack(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}

export const VOCAB = 24;
const T = unpack(fixtures.tables.T);
const P = unpack(fixtures.tables.P);
const G = unpack(fixtures.tables.G);
export const E = fixtures.tables.E;
export const assistantTable = unpack(fixtures.tables.A);

/** Holds E of each token seen, row by row. */
export class TableCache implements GenerationCache {
  rows: number[][] = [];
  disposed = false;

  get_seq_length(): number {
    return this.rows[0]?.length ?? 0;
  }

  crop(n: number): void {
    this.rows = this.rows.map(row => row.slice(0, n));
  }

  reorder_cache(indices: readonly number[]): void {
    this.rows = indices.map(i => [...this.rows[i]!]);
  }

  batch_repeat_interleave(repeats: number): void {
    this.rows = this.rows.flatMap(row => Array.from({ length: repeats }, () => [...row]));
  }

  dispose(): void {
    this.disposed = true;
  }
}

function matrix(tensor: Tensor): number[][] {
  const [batch, length] = tensor.dims as [number, number];
  return Array.from({ length: batch }, (_, r) =>
    Array.from(tensor.data.slice(r * length, (r + 1) * length) as ArrayLike<unknown>, Number)
  );
}

function float(data: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor('float32', Float32Array.from(data), dims);
}

export class TableModel implements GenerativeModel {
  readonly config: { vocab_size: number; max_position_embeddings: number; is_encoder_decoder: boolean };
  readonly is_encoder_decoder: boolean = false;
  /** Shape of the ids of each pass. */
  readonly seen: number[][] = [];
  /** Inputs of each pass. */
  readonly passes: Record<string, unknown>[] = [];

  constructor(
    public generation_config: object = {},
    readonly tokens: Float32Array = T
  ) {
    this.config = { vocab_size: VOCAB, max_position_embeddings: 64, is_encoder_decoder: false };
  }

  get forward_parameters(): string[] {
    return [
      'input_ids',
      'attention_mask',
      'position_ids',
      'past_key_values',
      'inputs_embeds',
      'use_cache',
      'output_attentions',
      'output_hidden_states',
      'logits_to_keep',
      'bias',
      'return_dict'
    ];
  }

  prepare_inputs_for_generation(input_ids: Tensor, kwargs: Record<string, unknown>): Record<string, unknown> {
    return prepareInputsForGeneration(this, input_ids, kwargs);
  }

  async forward(inputs: Record<string, unknown>): Promise<GenerationForwardOutput> {
    this.passes.push(inputs);
    const embeds = inputs['inputs_embeds'] as Tensor | undefined;
    const ids = embeds
      ? matrix(
          new Tensor(
            'float32',
            embeds.data.filter((_: unknown, i: number) => i % 2 === 0) as Float32Array,
            embeds.dims.slice(0, 2)
          )
        )
      : matrix(inputs['input_ids'] as Tensor);
    this.seen.push([ids.length, ids[0]!.length]);
    const cached = inputs['use_cache'] !== false;
    const cache = cached ? ((inputs['past_key_values'] as TableCache | undefined) ?? new TableCache()) : undefined;
    const past = cache?.get_seq_length() ?? 0;
    const keys = ids.map((row, r) => [...(cache?.rows[r] ?? []), ...row.map(id => E[id]!)]);
    if (cache) {
      if (cache.rows.length && cache.rows.length !== ids.length) {
        throw new Error(`cache of ${cache.rows.length} rows, input of ${ids.length}`);
      }
      cache.rows = keys;
    }
    const length = ids[0]!.length;
    const total = keys[0]!.length;
    const given = inputs['attention_mask'] as Tensor | undefined;
    const mask = given ? matrix(given).map(row => row.slice(-total)) : keys.map(row => row.map(() => 1));
    const positions = inputs['position_ids']
      ? matrix(inputs['position_ids'] as Tensor)
      : [Array.from({ length }, (_, i) => past + i)];
    const bias = inputs['bias'] ? matrix(inputs['bias'] as Tensor) : undefined;
    const logits: number[][][] = [];
    const attention: number[] = [];
    const hidden: number[] = [];
    ids.forEach((row, r) => {
      logits.push(
        row.map((id, s) => {
          const upTo = total - length + s;
          const weights = mask[r]!.map((m, k) => (k <= upTo ? m : 0));
          const count = Math.max(
            1,
            weights.reduce((a, b) => a + b, 0)
          );
          attention.push(...weights.map(w => w / count));
          const state = keys[r]!.reduce((sum, key, k) => sum + key * weights[k]!, 0) % 16;
          hidden.push(id, state);
          const position = (positions[r] ?? positions[0]!)[s]! % 8;
          return this.logits(id, position, state).map((x, v) => (bias ? Math.fround(x + bias[r]![v]!) : x));
        })
      );
    });
    const keep = (inputs['logits_to_keep'] as number | undefined) || length;
    const kept = logits.flatMap(row => row.slice(-keep).flat());
    const states = float(hidden, [ids.length, length, 2]);
    return {
      logits: float(kept, [ids.length, Math.min(keep, length), VOCAB]),
      ...(cache ? { past_key_values: cache } : {}),
      ...(inputs['output_attentions'] ? { attentions: [float(attention, [ids.length, 1, length, total])] } : {}),
      ...(inputs['output_hidden_states'] ? { hidden_states: [states, states] } : {})
    };
  }

  protected logits(id: number, position: number, state: number): number[] {
    return Array.from({ length: VOCAB }, (_, v) => {
      const sum = Math.fround(this.tokens[id * VOCAB + v]! + P[position * VOCAB + v]!);
      return Math.fround(sum + G[state * VOCAB + v]!);
    });
  }
}

class TableEncoder implements GenerationEncoder {
  readonly forward_parameters = [
    'input_ids',
    'attention_mask',
    'output_attentions',
    'output_hidden_states',
    'return_dict'
  ];

  async forward(inputs: Record<string, unknown>): Promise<EncoderOutput> {
    const ids = matrix(inputs['input_ids'] as Tensor);
    const mask = inputs['attention_mask'] ? matrix(inputs['attention_mask'] as Tensor) : undefined;
    const length = ids[0]!.length;
    const hidden = float(
      ids.flatMap((row, r) => row.map((id, i) => E[id]! * (mask ? mask[r]![i]! : 1))),
      [ids.length, length, 1]
    );
    const attention = float(new Array<number>(ids.length * length * length).fill(1 / length), [
      ids.length,
      1,
      length,
      length
    ]);
    return {
      last_hidden_state: hidden,
      ...(inputs['output_attentions'] ? { attentions: [attention] } : {}),
      ...(inputs['output_hidden_states'] ? { hidden_states: [hidden, hidden] } : {})
    };
  }
}

export class TableEncoderDecoder extends TableModel {
  override readonly is_encoder_decoder = true;
  readonly encoder = new TableEncoder();

  override get forward_parameters(): string[] {
    return [
      'input_ids',
      'attention_mask',
      'decoder_input_ids',
      'decoder_attention_mask',
      'encoder_outputs',
      'past_key_values',
      'use_cache',
      'output_attentions',
      'output_hidden_states',
      'return_dict'
    ];
  }

  get_encoder(): TableEncoder {
    return this.encoder;
  }

  override async forward(inputs: Record<string, unknown>): Promise<GenerationForwardOutput> {
    const ids = matrix(inputs['decoder_input_ids'] as Tensor);
    const encoded = (inputs['encoder_outputs'] as EncoderOutput).last_hidden_state;
    const width = encoded.dims[1]!;
    const sums = matrix(new Tensor('float32', encoded.data, [encoded.dims[0]!, width])).map(row =>
      row.reduce((a, b) => a + b, 0)
    );
    const cached = inputs['use_cache'] !== false;
    const cache = cached ? ((inputs['past_key_values'] as TableCache | undefined) ?? new TableCache()) : undefined;
    const past = cache?.get_seq_length() ?? 0;
    const keys = ids.map((row, r) => [...(cache?.rows[r] ?? []), ...row.map(id => E[id]!)]);
    if (cache) {
      cache.rows = keys;
    }
    const length = ids[0]!.length;
    const total = past + length;
    const logits = ids.map((row, r) =>
      row.map((id, s) => {
        const state = keys[r]!.slice(0, past + s + 1).reduce((a, b) => a + b, sums[r]!) % 16;
        return this.logits(id, (past + s) % 8, state);
      })
    );
    const states = float(new Array<number>(ids.length * length * 2).fill(0), [ids.length, length, 2]);
    const ones = (k: number): Tensor =>
      float(new Array<number>(ids.length * length * k).fill(1), [ids.length, 1, length, k]);
    return {
      logits: float(logits.flat(2), [ids.length, length, VOCAB]),
      ...(cache ? { past_key_values: cache } : {}),
      ...(inputs['output_attentions'] ? { decoder_attentions: [ones(total)], cross_attentions: [ones(width)] } : {}),
      ...(inputs['output_hidden_states'] ? { decoder_hidden_states: [states, states] } : {})
    };
  }
}
