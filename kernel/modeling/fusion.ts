/**
 * Image features among token embeddings: the step LLaVA-like models have in common. Two ways are in use: one
 * placeholder token that the features take the place of (MQwen), or as many placeholders as features (LLaVA since
 * version 4.46).
 */
import { Tensor } from '../tensor/tensor';
import type { InputEmbeddings } from './embeddings';
import type { FloatArray, IntArray } from './inputs';
import { floats, ints } from './inputs';

/** Where a row's features begin, and by how much the row has grown. */
export interface ImageSpan {
  readonly column: number;
  readonly extra: number;
}

/** What a model says of its images. */
export interface FusionSpec {
  /** Id of the placeholder. */
  readonly token: number;
  /** Features per image. */
  readonly length: number;
  /** Width of the language model's embeddings. */
  readonly width: number;
}

/**
 * Checks that features are what the model expects.
 *
 * @param features Shape [batch, length, width].
 * @throws {TypeError} If their shape is another, naming the axis and what makes it so.
 */
export function checkFeatures(features: FloatArray, batch: number, spec: FusionSpec): void {
  const [rows, count, width] = features.dims;
  const fault = (must: string, hint: string): TypeError =>
    new TypeError(`Cannot use images as ${must}: current shape is [${features.dims}]. ${hint}`);
  if (features.dims.length !== 3) {
    throw fault(
      'they must be projected features [batch, image_context_length, hidden_size]',
      'Pixels go through the vision tower and the projector first'
    );
  }
  if (rows !== batch) {
    throw fault(`there must be one image for each of ${batch} rows`, 'Give features of shape [batch, …]');
  }
  if (count !== spec.length) {
    throw fault(
      `image_context_length is ${spec.length}`,
      'The vision tower must give that many patches, without its CLS token'
    );
  }
  if (width !== spec.width) {
    throw fault(`the language model's hidden_size is ${spec.width}`, 'The projector belongs to another language model');
  }
}

/**
 * Puts each row's features in place of its one placeholder.
 *
 * @param ids Token ids [batch, pos].
 * @param features Projected features [batch, length, width].
 * @param embed Embeddings of ids, ids.length · width numbers.
 * @returns Embeddings [batch, pos − 1 + length, width], and where each image begins.
 * @throws {RangeError} If a row has no placeholder, or several.
 * @throws {TypeError} If the features do not fit the model.
 */
export function spliceFeatures(
  ids: IntArray,
  features: FloatArray,
  embed: (ids: Int32Array) => Float32Array,
  spec: FusionSpec
): { embeds: Tensor; spans: ImageSpan[] } {
  const [batch, length] = ids.dims as [number, number];
  const { token, width } = spec;
  checkFeatures(features, batch, spec);
  const total = length - 1 + spec.length;
  const out = new Float32Array(batch * total * width);
  const spans: ImageSpan[] = [];
  for (let b = 0; b < batch; b++) {
    const row = ids.data.subarray(b * length, (b + 1) * length);
    const column = onlyPlaceholder(row, token, b);
    const at = b * total * width;
    out.set(embed(row.slice(0, column)), at);
    const image = features.data.subarray(b * spec.length * width, (b + 1) * spec.length * width);
    out.set(image, at + column * width);
    out.set(embed(row.slice(column + 1)), at + (column + spec.length) * width);
    spans.push({ column, extra: spec.length - 1 });
  }
  return { embeds: new Tensor('float32', out, [batch, total, width]), spans };
}

function onlyPlaceholder(row: Int32Array, token: number, index: number): number {
  const column = row.indexOf(token);
  if (column === -1) {
    throw new RangeError(
      `Cannot use images as each row must have the placeholder token ${token}: row ${index} has none. ` +
        'Write <|extra_0|> where the image belongs in the prompt'
    );
  }
  if (row.indexOf(token, column + 1) !== -1) {
    const count = row.reduce((n, id) => n + (id === token ? 1 : 0), 0);
    throw new RangeError(
      `Cannot use images as each row must have one placeholder token ${token}: row ${index} has ${count}`
    );
  }
  return column;
}

/**
 * Puts features in the places of as many placeholders, in order.
 *
 * @param ids Token ids [batch, pos].
 * @param features All images' features, [images · length, width] or [images, length, width].
 * @param embeds Embeddings of the ids [batch, pos, width]. Not modified.
 * @returns Embeddings [batch, pos, width].
 * @throws {RangeError} If there are not as many placeholders as features.
 */
export function scatterFeatures(ids: IntArray, features: FloatArray, embeds: Tensor, token: number): Tensor {
  const width = embeds.dims[2]!;
  if (features.dims.at(-1) !== width) {
    throw new TypeError(
      `Cannot use images as their features must be ${width} wide: current shape is [${features.dims}]`
    );
  }
  const places = Array.from(ids.data.keys()).filter(i => ids.data[i] === token);
  const count = features.data.length / width;
  if (places.length !== count) {
    throw new RangeError(
      `Cannot use images as there must be as many placeholder tokens ${token} as image features (${count}): ` +
        `current number is ${places.length}. The processor makes a prompt with the right number`
    );
  }
  const out = Float32Array.from(embeds.data as Float32Array);
  places.forEach((place, i) => out.set(features.data.subarray(i * width, (i + 1) * width), place * width));
  return new Tensor('float32', out, embeds.dims);
}

/**
 * Brings values of positions (a mask, labels) to the length with images: the placeholder's entry becomes several.
 *
 * @param values [batch, pos].
 * @param spans Of each row.
 * @param fill What image positions get.
 * @returns [batch, pos + extra].
 */
export function expandRows(values: IntArray, spans: readonly ImageSpan[], fill: number): Tensor {
  const [batch, length] = values.dims as [number, number];
  const extra = spans[0]!.extra;
  const total = length + extra;
  const out = new BigInt64Array(batch * total).fill(BigInt(fill));
  for (let b = 0; b < batch; b++) {
    const { column } = spans[b]!;
    for (let i = 0; i < length; i++) {
      if (i !== column) {
        out[b * total + (i < column ? i : i + extra)] = BigInt(values.data[b * length + i]!);
      }
    }
  }
  return new Tensor('int64', out, [batch, total]);
}

/**
 * Puts image features among a prompt's embeddings: the step of LLaVA-like models, for models made in a cell. Rows with
 * one placeholder get longer, the features taking its place; rows with as many placeholders as features keep their
 * length.
 *
 * @param input_ids Token ids [batch, pos].
 * @param image_features Features of the language model's width: [batch, length, width], or for many placeholders all
 *   images' one after the other.
 * @param embeddings The model's `get_input_embeddings()`.
 * @param image_token_id The placeholder.
 * @returns `inputs_embeds` [batch, pos', width], and by how much rows grew.
 * @throws {RangeError} If placeholders and features do not agree in number.
 * @throws {TypeError} If widths differ.
 *
 * @example
 * const { inputs_embeds } = fuse_image_features(input_ids, images, this.get_input_embeddings(), 151646);
 * return super.forward({ ...rest, inputs_embeds });
 */
export function fuse_image_features(
  input_ids: unknown,
  image_features: unknown,
  embeddings: InputEmbeddings,
  image_token_id: number
): { inputs_embeds: Tensor; extra: number } {
  const ids = ints('input_ids', input_ids);
  const features = floats('image_features', image_features);
  const [batch, length] = ids.dims as [number, number];
  const width = embeddings.embedding_dim;
  const perRow = Array.from({ length: batch }, (_, b) =>
    ids.data.subarray(b * length, (b + 1) * length).reduce((n, id) => n + (id === image_token_id ? 1 : 0), 0)
  );
  const perImage = features.dims.at(-2) ?? 0;
  if (perImage > 1 && perRow.every(n => n <= 1)) {
    const embed = (row: Int32Array): Float32Array => embeddings._call([Array.from(row)]).data as Float32Array;
    const safe = (row: Int32Array): Float32Array => (row.length === 0 ? new Float32Array(0) : embed(row));
    const { embeds } = spliceFeatures(ids, features, safe, { token: image_token_id, length: perImage, width });
    return { inputs_embeds: embeds, extra: perImage - 1 };
  }
  return { inputs_embeds: scatterFeatures(ids, features, embeddings._call(input_ids), image_token_id), extra: 0 };
}
