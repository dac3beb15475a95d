/** Rotary frequencies of published models against Python's, float32 for float32. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PretrainedConfig } from '../../../kernel/config/config';
import { ropeFromConfig } from '../../../kernel/models/rope';

const { cases } = JSON.parse(readFileSync(join(__dirname, 'expected.json'), 'utf8')) as {
  cases: {
    name: string;
    config: Record<string, unknown>;
    layer_type: string | null;
    length: number;
    inv_freq: number[];
    attention_scaling: number;
  }[];
};

/** How many float32 values lie between two positive ones. */
function steps(a: number, b: number): number {
  const words = new Int32Array(Float32Array.of(a, b).buffer);
  return Math.abs(words[0]! - words[1]!);
}

describe('ropeFromConfig()', () => {
  it.each(cases.map(one => [`${one.name} ${one.layer_type ?? ''} ${one.length}`, one] as const))(
    'gives the frequencies Python gives: %s',
    (_name, { config: raw, layer_type, length, inv_freq, attention_scaling }) => {
      const config = PretrainedConfig.fromDict(raw);
      const headDim =
        (config['head_dim'] as number | undefined) ??
        Number(config['hidden_size']) / Number(config['num_attention_heads']);
      const rope = ropeFromConfig(config, headDim, layer_type ?? undefined);
      const got = rope.inv_freq(length);
      expect([rope.dim, got.length]).toEqual([2 * inv_freq.length, inv_freq.length]);
      expect(Math.max(...inv_freq.map((want, i) => steps(want, got[i]!)))).toBeLessThanOrEqual(1);
      expect(rope.attention_scaling(length)).toBeCloseTo(attention_scaling, 12);
    }
  );
});
