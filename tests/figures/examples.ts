/** One example of every view, most from real data: compared as figures, drawn in a browser, shown in the gallery. */
import * as plots from '../../kernel/plots';
import type { View } from '../../kernel/plots';
import { Tensor } from '../../kernel/tensor/tensor';
import { attentions, golden, lastLogits, lensLogits, name, picture, random, run, tokens } from './data';

const layers = run.attention.shape[0]!;
const stages = ['embed', ...Array.from({ length: layers }, (_, i) => `L${i}`)];
const layerNames = stages.slice(1);

function matrix(rows: readonly (readonly number[])[]): Tensor {
  return new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
}

/** Tokens that would break a careless page: markup, blanks, line feeds, a word of 60 letters, no text at all. */
const awkward = ['<b>', '&amp;', ' ', '\n', '\t\t', 'Donau'.repeat(12), '', '\u202eabc', '日本', '👩‍🚀', '%{x}', '\'"'];

function oddAttention(): Tensor {
  const n = awkward.length;
  const next = random(3);
  const data = Float32Array.from({ length: n * n }, (_, i) => (i % n > Math.floor(i / n) ? 0 : next()));
  data.fill(NaN, 4 * n, 4 * n + 5);
  return new Tensor('float32', data, [1, 1, n, n]);
}

/** SmolLM2-135M's own fields. */
const config = {
  model_type: 'llama',
  _name_or_path: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  head_dim: 64,
  vocab_size: 49152,
  max_position_embeddings: 8192,
  rope_theta: 100000,
  rope_scaling: null,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  attention_bias: false,
  initializer_range: 0.041666666666666664,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 2,
  torch_dtype: 'bfloat16',
  architectures: ['LlamaForCausalLM'],
  use_cache: true
};

const docs = {
  hidden_size: 'Numbers in the vector of each position.',
  num_key_value_heads: 'Heads of keys and values; fewer than the query heads is grouped-query attention.',
  rope_theta: 'Base of the rotary angles: larger turns slower.',
  tie_word_embeddings: 'Whether the head reuses the embedding.'
};

function parameters(): { name: string; dims: number[] }[] {
  const block = (l: number): { name: string; dims: number[] }[] => [
    { name: `model.layers.${l}.self_attn.q_proj.weight`, dims: [576, 576] },
    { name: `model.layers.${l}.self_attn.k_proj.weight`, dims: [192, 576] },
    { name: `model.layers.${l}.self_attn.v_proj.weight`, dims: [192, 576] },
    { name: `model.layers.${l}.self_attn.o_proj.weight`, dims: [576, 576] },
    { name: `model.layers.${l}.mlp.gate_proj.weight`, dims: [1536, 576] },
    { name: `model.layers.${l}.mlp.up_proj.weight`, dims: [1536, 576] },
    { name: `model.layers.${l}.mlp.down_proj.weight`, dims: [576, 1536] },
    { name: `model.layers.${l}.input_layernorm.weight`, dims: [576] },
    { name: `model.layers.${l}.post_attention_layernorm.weight`, dims: [576] }
  ];
  return [
    { name: 'model.embed_tokens.weight', dims: [49152, 576] },
    ...Array.from({ length: layers }, (_, l) => block(l)).flat(),
    { name: 'model.norm.weight', dims: [576] }
  ];
}

function generation(): Parameters<typeof plots.generation_view>[0] {
  // The prompt's own positions, as if they had been written one by one.
  const steps = [6, 7, 8, 9, 10, 11, 12];
  const vocab = 49152;
  const logits = steps.map(pos => {
    const row = new Float32Array(vocab).fill(-8);
    run.top.ids[pos]!.forEach((id, i) => (row[id] = run.top.logits[pos]![i]!));
    return new Tensor('float32', row, [1, vocab]);
  });
  return {
    sequences: new Tensor('int32', Int32Array.from(run.ids), [1, run.ids.length]),
    logits,
    past_key_values: { bytes: 322560, get_seq_length: () => run.ids.length - 1 }
  };
}

const headSweep = {
  values: matrix(golden.head_z_patch),
  labels: { layers: layerNames, columns: golden.head_z_patch[0]!.map((_, h) => `H${h}`) },
  baseline: 1.62
};

export const examples: { [name: string]: () => View } = {
  attention: () => plots.attention_view(attentions(), tokens, { layer: 18, head: 6 }),
  attention_odd: () => plots.attention_view([oddAttention()], awkward, { title: '<i>Odd</i> tokens & NaN' }),
  attention_hidden: () => plots.attention_view(attentions(), tokens, { layer: 18, head: 6, hide_first: true }),
  model: () =>
    plots.model_view(attentions(), tokens, {
      layer: 18,
      head: 6,
      kv_heads: 3,
      note: 'SmolLM2-135M-Instruct, weights as stored (Q4_1)'
    }),
  head: () => plots.head_view(attentions(), tokens, { layer: 16 }),
  cross_attention: () => {
    const next = random(5);
    const data = Float32Array.from({ length: 4 * 6 * 7 }, () => next() ** 6);
    for (let r = 0; r < 24; r++) {
      const part = data.subarray(r * 7, r * 7 + 7);
      const sum = part.reduce((a, b) => a + b);
      part.forEach((v, i) => (part[i] = v / sum));
    }
    return plots.cross_attention_view(
      { cross_attentions: [new Tensor('float32', data, [1, 4, 6, 7])] },
      ['<pad>', '▁Das', '▁Haus', '▁ist', '▁klein', '</s>'],
      ['▁The', '▁house', '▁is', '▁rather', '▁small', '.', '</s>']
    );
  },
  logits: () => plots.logits_view(lastLogits(), name, { top_k: 10 }),
  logits_positions: () =>
    plots.logits_view(
      { logits: new Tensor('float32', lensLogits(layers).data.slice(), [1, tokens.length, lensLogits(layers).vocab]) },
      lensLogits(layers).name,
      { tokens, input_ids: lensLogits(layers).inputs, position: 6, top_k: 5, title: 'Next token at each position' }
    ),
  sampling: () => plots.sampling_view(lastLogits(), name, { temperature: 0.8, top_k: 20 }),
  generation: () => plots.generation_view(generation(), name),
  tokens: () =>
    plots.tokens_view(golden.text_tokens, {
      metrics: {
        surprisal: [NaN, ...golden.text_log_probs.map(v => -v)],
        'log-probability': [NaN, ...golden.text_log_probs]
      },
      unit: 'nats',
      title: 'Surprisal'
    }),
  logit_lens: () => {
    const lens = lensLogits();
    const dims = [lens.layers, 1, tokens.length, lens.vocab];
    return plots.logit_lens_view({ logits: new Tensor('float32', lens.data, dims), labels: stages }, lens.name, {
      tokens
    });
  },
  head_scores: () =>
    plots.head_scores_view({
      induction: matrix(golden.induction),
      previous_token: matrix(golden.previous_token),
      duplicate_token: matrix(golden.duplicate_token)
    }),
  patching: () =>
    plots.patching_view(
      { values: matrix(golden.resid_pre_patch), labels: { layers: layerNames, columns: tokens } },
      { tokens, unit: 'share of the logit difference restored' }
    ),
  patching_heads: () => plots.patching_view(headSweep, { unit: 'logit difference' }),
  attribution: () =>
    plots.attribution_view({ values: matrix(golden.dla), labels: layerNames, sum: 21.306, logit: 21.306 }),
  attribution_bars: () => {
    const sums = golden.dla.map(r => r.reduce((a, b) => a + b, 0));
    return plots.attribution_view({ values: Float32Array.from(sums), labels: layerNames.map(l => `${l}.attn`) });
  },
  norms: () =>
    plots.norms_view(
      {
        norms: new Tensor('float32', Float32Array.from(run.norms.flat()), [run.norms.length, 1, tokens.length]),
        labels: stages
      },
      tokens
    ),
  config: () => plots.config_view(config, { docs }),
  weights: () => plots.weights_view(parameters()),
  rope: () => plots.rope_view(config),
  image_attention: () => {
    const grid = 14;
    const data = Float32Array.from({ length: 1 + grid * grid }, (_, i) => {
      const x = (i - 1) % grid;
      const y = Math.floor((i - 1) / grid);
      return i === 0 ? 0.1 : Math.exp(-((x - 9) ** 2 + (y - 4) ** 2) / 6) / 20;
    });
    return plots.image_attention_view([new Tensor('float32', data, [1, 1, 1, data.length])], picture());
  },
  plot: () =>
    plots.plot(
      [
        {
          type: 'scatter',
          mode: 'lines+markers',
          name: 'loss',
          x: [1, 2, 3, 4],
          y: Float32Array.of(3.2, 2.1, 1.7, 1.5)
        },
        { type: 'bar', name: 'steps', x: [1, 2, 3, 4], y: [1, 2, 1.5, 0.7] }
      ],
      { title: { text: 'Any figure' }, xaxis: { title: { text: 'epoch' } } }
    )
};
