/**
 * From passes through stacks to Python's outputs, in Python's key order. One function per way stacks can be combined.
 */
import { buildCrossCaches } from '../graph/stack';
import { DynamicCache } from '../inference/cache';
import type { Stack, Task } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import type { ForwardInputs, PassOptions, Probe, StackPass } from './forward';
import { runStack } from './forward';
import { floats, ints } from './inputs';
import type { Runtime } from './load';
import { binaryCrossEntropy, crossEntropy, meanSquaredError, shiftedLoss } from './loss';
import { ModelOutput } from './outputs';

/** The model as its forward sees it. */
export interface ModelView {
  readonly runtime: Runtime;
  readonly task: Task;
  readonly config: { readonly [key: string]: any };
}

export interface Assembled {
  readonly output: ModelOutput;
  /** Values a probe asked for. */
  readonly values: ReadonlyMap<string, Tensor>;
}

/** Runs a model of one stack: decoder, encoder or vision tower. */
export async function forwardSingle(model: ModelView, inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
  const stack = model.runtime.architecture.stacks[0]!;
  const heads = stack.heads.map(h => `${stack.prefix}${h.output}`);
  const isBase = !stack.heads.some(h => h.output === 'logits');
  const last = `${stack.prefix}last_hidden_state`;
  const pass = await runStack({
    ...passOptions(model, inputs, probe),
    index: 0,
    outputs: [...heads, ...(isBase ? [last] : [])],
    useCache: useCache(model, inputs)
  });
  const value = (name: string): Tensor | undefined => pass.values.get(`${stack.prefix}${name}`);
  const logits = isBase ? undefined : shapeLogits(value('logits')!, stack, pass);
  const embeds = stack.heads.filter(h => h.output.endsWith('_embeds'));
  return {
    values: pass.values,
    output: new ModelOutput({
      loss: logits && lossOf(model, inputs, logits),
      logits,
      ...Object.fromEntries(embeds.map(h => [h.output, value(h.output)])),
      ...(isBase ? { last_hidden_state: value('last_hidden_state') } : {}),
      ...(isBase && embeds.length === 0 ? { pooler_output: value('pooler_output') } : {}),
      past_key_values: pass.cache,
      hidden_states: pass.hidden_states,
      attentions: pass.attentions
    })
  };
}

/** Options every pass of a model shares. */
function passOptions(
  model: ModelView,
  inputs: ForwardInputs,
  probe?: Probe
): Omit<PassOptions, 'index' | 'outputs' | 'useCache'> {
  return {
    runtime: model.runtime,
    inputs,
    probe,
    special: special(model.config)
  };
}

function special(config: ModelView['config']): { eos?: number; pad?: number } {
  const first = (v: unknown): number | undefined => (Array.isArray(v) ? v[0] : typeof v === 'number' ? v : undefined);
  const eos = first(config['eos_token_id']);
  const pad = first(config['pad_token_id']);
  return { ...(eos === undefined ? {} : { eos }), ...(pad === undefined ? {} : { pad }) };
}

function useCache(model: ModelView, inputs: ForwardInputs): boolean {
  const asked = inputs['use_cache'];
  return asked === undefined || asked === null ? model.config['use_cache'] !== false : Boolean(asked);
}

/** [rows, classes] → [batch, kept, classes], or [batch, classes] where one position per row was kept. */
function shapeLogits(logits: Tensor, stack: Stack, pass: StackPass): Tensor {
  const steps = stack.heads.find(h => h.output === 'logits')!.steps;
  const rows = steps.find(s => s.op === 'rows');
  const perRow =
    steps.some(s => s.op === 'first') || (rows && 'which' in rows && rows.which) || logits.dims.length === 3;
  const classes = logits.dims.at(-1)!;
  const one = stack.heads.some(h => h.output === 'logits' && h.from !== 'last_hidden_state');
  return perRow || one ? logits : new Tensor('float32', logits.data, [pass.batch, pass.kept, classes]);
}

/** The loss Python's class of this task computes. */
function lossOf(model: ModelView, inputs: ForwardInputs, logits: Tensor): Tensor | undefined {
  const { labels } = inputs;
  if (labels === undefined || labels === null) {
    return undefined;
  }
  const data = logits.data as Float32Array;
  const scalar = (value: number): Tensor => new Tensor('float32', Float32Array.of(value), []);
  if (model.task === 'causal_lm') {
    const count = inputs['num_items_in_batch'] as number | undefined;
    const { data: given, dims } = ints('labels', labels);
    if (dims[0] !== logits.dims[0] || dims[1] !== logits.dims[1]) {
      throw new TypeError(
        `Cannot compute the loss as labels must have shape [${logits.dims.slice(0, 2)}]: current shape is [${dims}] (logits_to_keep must be 0)`
      );
    }
    return scalar(shiftedLoss(logits, given, count));
  }
  const classes = logits.dims.at(-1)!;
  if (model.task === 'masked_lm' || model.task === 'seq2seq_lm') {
    return scalar(crossEntropy(data, classes, ints('labels', labels).data));
  }
  const isIntegral =
    labels instanceof Tensor ? labels.dtype === 'int64' || labels.dtype === 'int32' : !hasFraction(labels);
  const kind =
    model.config['problem_type'] ??
    (classes === 1 ? 'regression' : isIntegral ? 'single_label_classification' : 'multi_label_classification');
  if (kind === 'regression') {
    return scalar(meanSquaredError(data, floats('labels', labels).data));
  }
  return scalar(
    kind === 'multi_label_classification'
      ? binaryCrossEntropy(data, floats('labels', labels).data)
      : crossEntropy(data, classes, ints('labels', labels, 1).data)
  );
}

function hasFraction(value: unknown): boolean {
  return Array.isArray(value)
    ? value.some(hasFraction)
    : !Number.isInteger(Number(value)) || Array.isArray((value as unknown[])?.[0]);
}

/** Runs encoder, cross projections and decoder. */
export async function forwardSeq2Seq(model: ModelView, inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
  const [, decoder] = model.runtime.architecture.stacks as [Stack, Stack];
  const options = passOptions(model, inputs, probe);
  const encoded = await encoderOutputs(model, inputs);
  const cache = inputs['past_key_values'] instanceof DynamicCache ? inputs['past_key_values'] : undefined;
  const states = encoded['last_hidden_state'] as Tensor;
  const crossLayers =
    cache && cache.cross.length > 0 ? cache.cross : await model.runtime.crossCache(1, states, buildCrossCaches);
  const mask = inputs['attention_mask'];
  const padding = mask === undefined || mask === null ? undefined : ints('attention_mask', mask).data;
  const labels = inputs['labels'];
  const noInputs = inputs['decoder_input_ids'] === undefined && inputs['decoder_inputs_embeds'] === undefined;
  if (noInputs && (labels === undefined || labels === null)) {
    throw new TypeError('You have to specify either decoder_input_ids or decoder_inputs_embeds (or labels)');
  }
  const decoderInputs: ForwardInputs = {
    input_ids: noInputs ? shiftRight(labels, model.config) : inputs['decoder_input_ids'],
    inputs_embeds: inputs['decoder_inputs_embeds'],
    attention_mask: inputs['decoder_attention_mask'],
    position_ids: inputs['decoder_position_ids'],
    head_mask: inputs['decoder_head_mask'],
    past_key_values: inputs['past_key_values'],
    output_attentions: inputs['output_attentions'],
    output_hidden_states: inputs['output_hidden_states'],
    logits_to_keep: inputs['logits_to_keep']
  };
  const isBase = decoder.heads.length === 0;
  const name = isBase ? `${decoder.prefix}last_hidden_state` : `${decoder.prefix}logits`;
  const pass = await runStack({
    ...options,
    inputs: decoderInputs,
    index: 1,
    outputs: [name],
    useCache: useCache(model, inputs),
    cross: { layers: crossLayers, padding }
  });
  if (pass.cache) {
    pass.cache.cross = crossLayers;
  }
  const logits = isBase
    ? undefined
    : new Tensor('float32', pass.values.get(name)!.data, [pass.batch, pass.kept, pass.values.get(name)!.dims.at(-1)!]);
  return {
    values: pass.values,
    output: new ModelOutput({
      loss: logits && lossOf(model, inputs, logits),
      logits,
      ...(isBase ? { last_hidden_state: pass.values.get(name) } : {}),
      past_key_values: pass.cache,
      decoder_hidden_states: pass.hidden_states,
      decoder_attentions: pass.attentions,
      cross_attentions: pass.cross_attentions,
      encoder_last_hidden_state: states,
      encoder_hidden_states: encoded['hidden_states'],
      encoder_attentions: encoded['attentions']
    })
  };
}

/** Runs the encoder of an encoder-decoder, or takes what the caller has already. */
export async function forwardEncoder(model: ModelView, inputs: ForwardInputs): Promise<ModelOutput> {
  const encoder = model.runtime.architecture.stacks[0]!;
  const last = `${encoder.prefix}last_hidden_state`;
  const pass = await runStack({ ...passOptions(model, inputs), index: 0, outputs: [last], useCache: false });
  return new ModelOutput({
    last_hidden_state: pass.values.get(last),
    hidden_states: pass.hidden_states,
    attentions: pass.attentions
  });
}

async function encoderOutputs(model: ModelView, inputs: ForwardInputs): Promise<{ readonly [key: string]: unknown }> {
  const given = inputs['encoder_outputs'];
  if (Array.isArray(given)) {
    return { last_hidden_state: given[0], hidden_states: given[1], attentions: given[2] };
  }
  return (given as { [key: string]: unknown } | undefined) ?? (await forwardEncoder(model, inputs));
}

/** Decoder inputs from labels: moved right by one, −100 read as padding. */
function shiftRight(labels: unknown, config: ModelView['config']): Tensor {
  const { data, dims } = ints('labels', labels);
  const [batch, length] = dims as [number, number];
  const start = Number(config['decoder_start_token_id'] ?? config['bos_token_id'] ?? 0);
  const pad = BigInt(Number(config['pad_token_id'] ?? 0));
  const shifted = new BigInt64Array(batch * length);
  for (let b = 0; b < batch; b++) {
    shifted[b * length] = BigInt(start);
    for (let q = 1; q < length; q++) {
      const label = data[b * length + q - 1]!;
      shifted[b * length + q] = label === -100 ? pad : BigInt(label);
    }
  }
  return new Tensor('int64', shifted, [batch, length]);
}

/** Runs a text tower and a vision tower and compares their projections (CLIP). */
export async function forwardDual(model: ModelView, inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
  const [text, vision] = model.runtime.architecture.stacks as [Stack, Stack];
  const common = {
    output_attentions: inputs['output_attentions'],
    output_hidden_states: inputs['output_hidden_states']
  };
  const run = async (
    index: number,
    stack: Stack,
    own: ForwardInputs
  ): Promise<{ output: ModelOutput; embeds: Tensor; values: StackPass['values'] }> => {
    const names = [`${stack.prefix}last_hidden_state`, ...stack.heads.map(h => `${stack.prefix}${h.output}`)];
    const mine = probe && onStack(probe, stack.prefix);
    const pass = await runStack({
      ...passOptions(model, { ...own, ...common }, mine),
      // The end of a text is the text tower's to say.
      special: special((model.config['text_config'] as ModelView['config'] | undefined) ?? model.config),
      index,
      outputs: names,
      useCache: false
    });
    const value = (n: string): Tensor | undefined => pass.values.get(`${stack.prefix}${n}`);
    const embeds = value(stack.heads.find(h => h.output.endsWith('_embeds'))!.output)!;
    return {
      values: pass.values,
      embeds: unit(embeds),
      output: new ModelOutput({
        last_hidden_state: value('last_hidden_state'),
        // Version 5 returns the projected features here, not what CLIPTextModel calls pooler_output.
        pooler_output: embeds,
        hidden_states: pass.hidden_states,
        attentions: pass.attentions
      })
    };
  };
  const visual = await run(1, vision, { pixel_values: inputs['pixel_values'] });
  const textual = await run(0, text, {
    input_ids: inputs['input_ids'],
    attention_mask: inputs['attention_mask'],
    position_ids: inputs['position_ids']
  });
  const scale = (await model.runtime.weight('logit_scale', []))[0]!;
  const perText = similarity(textual.embeds, visual.embeds, Math.exp(scale));
  return {
    values: new Map([...textual.values, ...visual.values]),
    output: new ModelOutput({
      loss: inputs['return_loss'] ? contrastiveLoss(perText) : undefined,
      logits_per_image: transpose(perText),
      logits_per_text: perText,
      text_embeds: textual.embeds,
      image_embeds: visual.embeds,
      text_model_output: textual.output,
      vision_model_output: visual.output
    })
  };
}

function unit(t: Tensor): Tensor {
  const width = t.dims.at(-1)!;
  const data = Float32Array.from(t.data as Float32Array);
  for (let row = 0; row < data.length; row += width) {
    const norm = Math.sqrt(data.subarray(row, row + width).reduce((n, v) => n + v * v, 0));
    for (let i = row; i < row + width; i++) {
      data[i]! /= norm;
    }
  }
  return new Tensor('float32', data, t.dims);
}

/** a · bᵀ · scale for a [n, width] and b [m, width]: [n, m]. */
function similarity(a: Tensor, b: Tensor, scale: number): Tensor {
  const [n, width] = a.dims as [number, number];
  const m = b.dims[0]!;
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  const out = new Float32Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += x[i * width + k]! * y[j * width + k]!;
      }
      out[i * m + j] = sum * scale;
    }
  }
  return new Tensor('float32', out, [n, m]);
}

function transpose(t: Tensor): Tensor {
  const [n, m] = t.dims as [number, number];
  const data = t.data as Float32Array;
  return new Tensor(
    'float32',
    Float32Array.from({ length: n * m }, (_, i) => data[(i % n) * m + Math.floor(i / n)]!),
    [m, n]
  );
}

function contrastiveLoss(perText: Tensor): Tensor {
  const n = perText.dims[0]!;
  const own = Array.from({ length: n }, (_, i) => i);
  const loss = (t: Tensor): number => crossEntropy(t.data as Float32Array, n, own);
  return new Tensor('float32', Float32Array.of((loss(perText) + loss(transpose(perText))) / 2), []);
}

/** The part of a probe that concerns one of several stacks. */
function onStack(probe: Probe, prefix: string): Probe {
  return { ...probe, fetch: (probe.fetch ?? []).filter(name => name.startsWith(prefix)) };
}
