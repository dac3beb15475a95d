/**
 * Fields that follow from others: what each configuration class of Python does after its fields are set.
 *
 * @see transformers/models/<model_type>/configuration_<model_type>.py, __post_init__
 */
import type { Fields } from './entry';
import { convertGemma3Rope, convertNeoxRope, convertPhi3Rope, convertRope } from './rope';

/** Changes `config`; `extras` are the file's keys that are no fields, those used are removed. */
export type Derive = (config: Fields, extras: Fields) => void;

/** Sets a field that is null. */
function whenNull(config: Fields, key: string, value: () => unknown): void {
  if (config[key] === null || config[key] === undefined) {
    config[key] = value();
  }
}

const count = (config: Fields): number => Number(config['num_hidden_layers']) || 0;

/** One entry per layer; a layer count that is no sensible number is refused later, so none is made of it here. */
function perLayer(config: Fields, type: (layer: number) => string): string[] {
  const layers = count(config);
  return Number.isInteger(layers) && layers > 0 && layers <= 4096
    ? Array.from({ length: layers }, (_, i) => type(i))
    : [];
}

const kvHeads: Derive = config => whenNull(config, 'num_key_value_heads', () => config['num_attention_heads']);

const headDim: Derive = config =>
  whenNull(config, 'head_dim', () => Math.floor(Number(config['hidden_size']) / Number(config['num_attention_heads'])));

/** Qwen2 and Qwen3: no window unless asked for, and then on the layers from max_window_layers on. */
const windowedUpperLayers: Derive = config => {
  if (!config['use_sliding_window']) {
    config['sliding_window'] = null;
  }
  kvHeads(config, {});
  whenNull(config, 'layer_types', () =>
    perLayer(config, i =>
      config['sliding_window'] !== null && i >= Number(config['max_window_layers'])
        ? 'sliding_attention'
        : 'full_attention'
    )
  );
};

const smollm3: Derive = config => {
  kvHeads(config, {});
  whenNull(config, 'no_rope_layers', () =>
    perLayer(config, i => ((i + 1) % Number(config['no_rope_layer_interval']) !== 0 ? '1' : '0')).map(Number)
  );
  const rope = config['no_rope_layers'] as unknown[];
  whenNull(config, 'layer_types', () =>
    perLayer(config, i =>
      config['use_sliding_window'] && config['sliding_window'] !== null && !rope[i]
        ? 'sliding_attention'
        : 'full_attention'
    )
  );
};

const t5: Derive = (config, extras) => {
  whenNull(config, 'num_decoder_layers', () => config['num_layers']);
  const activation = String(config['feed_forward_proj']).split('-');
  config['dense_act_fn'] =
    config['feed_forward_proj'] === 'gated-gelu' ? 'gelu_new' : activation[activation.length - 1];
  config['is_gated_act'] = activation[0] === 'gated';
  // T5 v1.1 says "untied" and means that the decoder's output is not scaled; whether the head is tied is seen from
  // the checkpoint, which has `lm_head.weight` or not.
  config['scale_decoder_outputs'] = extras['tie_word_embeddings'] !== false;
  delete extras['tie_word_embeddings'];
  config['tie_word_embeddings'] = true;
};

const falcon: Derive = (config, extras) => {
  if (extras['n_embed'] !== undefined && extras['n_embed'] !== null) {
    config['hidden_size'] = extras['n_embed'];
  }
  delete extras['n_embed'];
  whenNull(config, 'num_kv_heads', () => config['num_attention_heads']);
  whenNull(config, 'ffn_hidden_size', () => Number(config['hidden_size']) * 4);
};

const derivations: { readonly [model_type: string]: Derive } = {
  qwen2: windowedUpperLayers,
  qwen3: windowedUpperLayers,
  llama: (config, extras) => {
    headDim(config, extras);
    kvHeads(config, extras);
  },
  mistral: (config, extras) => {
    headDim(config, extras);
    kvHeads(config, extras);
  },
  ministral: (config, extras) => {
    kvHeads(config, extras);
    whenNull(config, 'layer_types', () =>
      perLayer(config, () => (config['sliding_window'] === null ? 'full_attention' : 'sliding_attention'))
    );
  },
  smollm3,
  gemma2: config =>
    whenNull(config, 'layer_types', () =>
      perLayer(config, i => ((i + 1) % 2 ? 'sliding_attention' : 'full_attention'))
    ),
  gemma3_text: (config, extras) => {
    if (config['use_bidirectional_attention'] && typeof config['sliding_window'] === 'number') {
      config['sliding_window'] = Math.floor(config['sliding_window'] / 2) + 1;
    }
    const pattern = 'sliding_window_pattern' in extras ? Number(extras['sliding_window_pattern']) : 6;
    config['_sliding_window_pattern'] = pattern;
    whenNull(config, 'layer_types', () =>
      perLayer(config, i => ((i + 1) % pattern ? 'sliding_attention' : 'full_attention'))
    );
  },
  phi3: kvHeads,
  olmo2: kvHeads,
  opt: config => whenNull(config, 'word_embed_proj_dim', () => config['hidden_size']),
  falcon,
  stablelm: (_config, extras) => {
    if (!('partial_rotary_factor' in extras)) {
      extras['partial_rotary_factor'] = 0.25;
    }
  },
  t5,
  bart: (config, extras) => {
    if (config['id2label'] === null || config['id2label'] === undefined) {
      extras['num_labels'] ??= 3;
    }
  },
  vit: config => {
    config['pooler_output_size'] = config['pooler_output_size'] || config['hidden_size'];
  }
};

/** The class's own derived fields. */
export function derive(model_type: string, config: Fields, extras: Fields): void {
  if (Object.hasOwn(derivations, model_type)) {
    derivations[model_type]!(config, extras);
  }
}

/** Rotary settings, in the way of the class. */
export function deriveRope(model_type: string, config: Fields, extras: Fields, defaultTheta: number): void {
  switch (model_type) {
    case 'phi3':
      return convertPhi3Rope(config, extras, defaultTheta);
    case 'gpt_neox':
      return convertNeoxRope(config, extras, defaultTheta);
    case 'gemma3_text':
      return convertGemma3Rope(config, extras);
    default:
      return convertRope(config, extras, defaultTheta);
  }
}
