import type { Stack } from '../models/architecture';
import type { GraphBuilder } from './builder';
import { buildNorm } from './norm';

/**
 * The first residual, [rows, hidden_size], and int64 [2] holding batch and pos.
 *
 *   tokens   inputs_embeds ─► project_in ─┐
 *   images   patches ─► Gemm ─► cls ⧺ ────┴► + pos_embeds ─► + type_embeds ─► norm ─► rows
 */
export function buildEmbedding(b: GraphBuilder, stack: Stack): { x: string; batchPos: string } {
  const { embedding, prefix, hidden_size } = stack;
  b.scope = `${prefix}embed`;
  let x = embedding.patches ? buildPatches(b, stack) : buildTokens(b, stack);
  x = named(b, x, `${prefix}hook_embed`, hidden_size);
  const added = (name: string) => b.input(`${prefix}${name}`, 'float32', ['batch', 'pos', hidden_size]);
  if (embedding.positions) {
    x = b.node('Add', [x, named(b, added('pos_embeds'), `${prefix}hook_pos_embed`, hidden_size)]);
  }
  if (embedding.types) {
    x = b.node('Add', [x, added('type_embeds')]);
  }
  const batchPos = b.node('Shape', [x], { start: 0, end: 2 });
  x = b.node('Reshape', [x, b.ints([-1, hidden_size])]);
  if (embedding.norm) {
    x = buildNorm(b, x, `${prefix}embed_norm`, embedding.norm, hidden_size);
  }
  return { x, batchPos };
}

/** A value under a hook's name. */
function named(b: GraphBuilder, x: string, name: string, width: number): string {
  b.node('Identity', [x], {}, name);
  return b.output(name, ['batch', 'pos', width]);
}

function buildTokens(b: GraphBuilder, { embedding, prefix, hidden_size }: Stack): string {
  const dim = embedding.tokens!.dim;
  const x = b.input(`${prefix}inputs_embeds`, 'float32', ['batch', 'pos', dim]);
  if (!embedding.project_in) {
    return x;
  }
  const shape = b.node('Concat', [b.node('Shape', [x], { start: 0, end: 2 }), b.ints([hidden_size])], { axis: 0 });
  const rows = b.node('Reshape', [x, b.ints([-1, dim])]);
  const wide = b.linear(rows, `${prefix}project_in`, { in: dim, out: hidden_size, bias: false });
  return b.node('Reshape', [wide, shape]);
}

/** Patches [batch, patch, channels · size²] (unfolded outside) → [batch, 1 + patch, hidden_size]. */
function buildPatches(b: GraphBuilder, { embedding, prefix, hidden_size }: Stack): string {
  const { channels, patch_size, bias, cls } = embedding.patches!;
  const width = channels * patch_size * patch_size;
  const patches = b.input(`${prefix}patches`, 'float32', ['batch', 'patch', width]);
  const batch = b.node('Shape', [patches], { start: 0, end: 1 });
  const rows = b.node('Reshape', [patches, b.ints([-1, width])]);
  const embedded = b.linear(rows, `${prefix}patch_embed`, { in: width, out: hidden_size, bias });
  const shape = b.node('Concat', [batch, b.ints([-1, hidden_size])], { axis: 0 });
  const sequence = b.node('Reshape', [embedded, shape]);
  if (!cls) {
    return sequence;
  }
  const one = b.node('Concat', [batch, b.ints([1, hidden_size])], { axis: 0 });
  const token = b.node('Expand', [b.weight(`${prefix}cls_token`, [hidden_size]), one]);
  return b.node('Concat', [token, sequence], { axis: 1 });
}
