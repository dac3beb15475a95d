import type { Block, Norm, Stack } from '../models/architecture';
import type { AttentionContext } from './attention';
import { buildCrossAttention, buildCrossCache, buildSelfAttention } from './attention';
import type { BuiltGraph, Target } from './builder';
import { GraphBuilder } from './builder';
import { buildEmbedding } from './embedding';
import { buildFinal, buildHeads } from './head';
import type { Place } from './hooks';
import { hook } from './hooks';
import { buildMlp } from './mlp';
import type { Site } from './names';
import { buildNorm } from './norm';

/**
 * Builds the graph of a stack: embedding, blocks, final norm, heads. Hidden states are [rows, hidden_size] with
 * rows = batch · pos, so that every linear map is one Gemm on the checkpoint's own [out, in] matrices.
 */
export function buildStack(stack: Stack, target: Target): BuiltGraph {
  const { prefix, hidden_size } = stack;
  const b = new GraphBuilder(`${prefix || 'model.'}stack`, target);
  const { x: embedded, batchPos } = buildEmbedding(b, stack);
  let x = embedded;
  stack.blocks.forEach((block, layer) => {
    b.scope = `${prefix}blocks.${layer}`;
    x = buildBlock({ b, prefix, layer }, x, block, stack, batchPos);
  });
  b.scope = `${prefix}final`;
  const last = `${prefix}last_hidden_state`;
  const width = stack.project_out ?? hidden_size;
  const states = buildFinal(b, stack, x, last);
  b.output(states, ['rows', width], ['batch', 'pos', width]);
  buildHeads(b, stack, new Map([['last_hidden_state', states]]), batchPos);
  return b.build();
}

/**
 * Builds the graph that turns encoder states into every layer's cross-attention keys and values, run once per input.
 */
export function buildCrossCaches(decoder: Stack, encoderWidth: number, target: Target): BuiltGraph {
  const { prefix } = decoder;
  const b = new GraphBuilder(`${prefix}cross`, target);
  const states = b.input('encoder_hidden_states', 'float32', ['batch', 'encoder_pos', encoderWidth]);
  const batchPos = b.node('Shape', [states], { start: 0, end: 2 });
  const rows = b.node('Reshape', [states, b.ints([-1, encoderWidth])]);
  decoder.blocks.forEach((block, layer) => {
    b.scope = `${prefix}blocks.${layer}.cross_attn`;
    buildCrossCache({ b, prefix, layer }, rows, block.cross_attention!, encoderWidth, batchPos);
  });
  return b.build();
}

function buildBlock(place: Place, input: string, block: Block, stack: Stack, batchPos: string): string {
  const { b, prefix, layer } = place;
  const width = stack.hidden_size;
  const name = `${prefix}blocks.${layer}`;
  const stream = (site: Site, make: (out: string) => void) =>
    hook(place, site, ['rows', width], ['batch', 'pos', width], make);
  const norm = (value: string, which: string, spec: Norm | undefined, out?: string) =>
    spec ? buildNorm(b, value, `${name}.${which}`, spec, width, out) : value;
  const isPost = block.norm_placement === 'post';
  const context: AttentionContext = {
    width,
    batchPos,
    rope: block.attention.rope === undefined ? undefined : stack.ropes[block.attention.rope],
    cached: stack.causal
  };

  // Layer i > 0 reads what layer i − 1 wrote: resid_pre is then another name of resid_post (see names.ts).
  const pre = layer === 0 ? stream('resid_pre', out => b.node('Identity', [input], {}, out)) : input;
  const normed = isPost ? pre : norm(pre, 'ln1', block.ln1);
  const attn = stream('attn_out', out => {
    if (block.ln1_post) {
      norm(
        buildSelfAttention(place, normed, block.attention, context, `${name}/attn`),
        'ln1_post',
        block.ln1_post,
        out
      );
    } else {
      buildSelfAttention(place, normed, block.attention, context, out);
    }
  });
  if (block.residual === 'parallel') {
    const second = block.ln2 === 'shared' ? normed : norm(pre, 'ln2', block.ln2);
    const mlp = stream('mlp_out', out => buildMlp(place, second, block.mlp, width, out));
    return stream('resid_post', out => b.node('Add', [b.node('Add', [mlp, attn]), pre], {}, out));
  }
  const ln2 = block.ln2 === 'shared' ? undefined : block.ln2;
  let mid = stream('resid_mid', out => {
    if (isPost) {
      norm(b.node('Add', [attn, pre]), 'ln1', block.ln1, out);
    } else {
      b.node('Add', [pre, attn], {}, out);
    }
  });
  if (block.cross_attention) {
    mid = buildCross(place, mid, block, context, norm);
  }
  const mlp = stream('mlp_out', out => {
    const second = isPost ? mid : norm(mid, 'ln2', ln2);
    if (block.ln2_post) {
      norm(buildMlp(place, second, block.mlp, width, `${name}/mlp`), 'ln2_post', block.ln2_post, out);
    } else {
      buildMlp(place, second, block.mlp, width, out);
    }
  });
  return stream('resid_post', out => {
    if (isPost) {
      norm(b.node('Add', [mlp, mid]), 'ln2', ln2, out);
    } else {
      b.node('Add', [mid, mlp], {}, out);
    }
  });
}

/** The cross-attention part of a decoder block: x + cross(norm(x)), or norm(x + cross(x)). */
function buildCross(
  place: Place,
  x: string,
  block: Block,
  context: AttentionContext,
  norm: (value: string, which: string, spec: Norm | undefined) => string
): string {
  const { b, prefix, layer } = place;
  const isPost = block.norm_placement === 'post';
  const inner = isPost ? x : norm(x, 'ln_cross', block.ln_cross);
  const crossed = buildCrossAttention(place, inner, block.cross_attention!, context, `${prefix}blocks.${layer}/cross`);
  const sum = b.node('Add', [x, crossed]);
  return isPost ? norm(sum, 'ln_cross', block.ln_cross) : sum;
}
