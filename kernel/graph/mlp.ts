import type { Mlp } from '../models/architecture';
import { buildActivation } from './activation';
import type { Place } from './hooks';
import { hook } from './hooks';

/**
 * The feed-forward part, x [rows, d_model].
 *
 *   plain   x ─► in ─► act ─────────────────► hook_post ─► out ─► hook_mlp_out
 *   gated   x ─► gate ─► hook_pre ─► act ─┐
 *           x ─► in ─► hook_pre_linear ───┴ Mul ─► hook_post ─► out
 */
export function buildMlp(place: Place, x: string, mlp: Mlp, width: number, output: string): string {
  const { b, prefix, layer } = place;
  const name = `${prefix}blocks.${layer}.mlp`;
  const stored = ['rows', mlp.size];
  const dims = ['batch', 'pos', mlp.size];
  const into = { in: width, out: mlp.size, bias: mlp.bias.in };
  const pre = hook(place, 'mlp_pre', stored, dims, out =>
    b.linear(x, `${name}.${mlp.gated ? 'gate' : 'in'}`, into, out)
  );
  const linear = mlp.gated
    ? hook(place, 'mlp_pre_linear', stored, dims, out => b.linear(x, `${name}.in`, into, out))
    : undefined;
  const post = hook(place, 'mlp_post', stored, dims, out => {
    if (linear) {
      b.node('Mul', [buildActivation(b, pre, mlp.activation), linear], {}, out);
    } else {
      buildActivation(b, pre, mlp.activation, out);
    }
  });
  return b.linear(post, `${name}.out`, { in: mlp.size, out: width, bias: mlp.bias.out }, output);
}
