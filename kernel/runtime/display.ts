/** Values → MIME bundles. */
import type { Json, MimeBundle } from '../protocol/messages';
import { HTML, JAVASCRIPT, JPEG, LATEX, MARKDOWN, PNG, SVG, TEXT } from '../protocol/mime';
import { dataProperty, inspect, truncate, type InspectOptions } from './inspect';
import { isError } from './errors';
import { outputLimits } from './outputs';

/** Deno's protocol: a method that returns a MIME bundle, or a promise of one. */
export const jupyterDisplay = Symbol.for('Jupyter.display');

export interface Representation {
  data: MimeBundle;
  metadata: { [key: string]: Json };
}

/** Methods of the JavaScript kernels, each giving one MIME type. */
const hooks: readonly [string, string][] = [
  ['_toHtml', HTML],
  ['_toMarkdown', MARKDOWN],
  ['_toSvg', SVG],
  ['_toPng', PNG],
  ['_toJpeg', JPEG],
  ['_toLatex', LATEX],
  ['_toJavascript', JAVASCRIPT]
];

/**
 * Represents a value by what it offers: `[Symbol.for('Jupyter.display')]()`, `_toMime()`, `_toHtml()` and its like, an
 * image Blob, or else readable text.
 *
 * @param options How much of a plain value is shown.
 * @returns At once where possible; a promise where the value's own method returns one.
 */
export function represent(value: unknown, options: InspectOptions = {}): Representation | Promise<Representation> {
  if ((typeof value === 'object' || typeof value === 'function') && value !== null) {
    try {
      const found = own(value);
      if (found !== undefined) {
        return isThenable(found)
          ? found.then(
              bundle => complete(bundle, value, options),
              (error: unknown) => failed(error, value, options)
            )
          : complete(found, value, options);
      }
    } catch (error) {
      return failed(error, value, options);
    }
  }
  return { data: { [TEXT]: plainText(value, options) }, metadata: {} };
}

/** A string that is the value of a cell is quoted, so that it differs from a number. */
function plainText(value: unknown, options: InspectOptions): string {
  if (isError(value)) {
    return truncate(value.stack?.startsWith(value.name) ? value.stack : `${value.name}: ${value.message}`, 20_000);
  }
  return inspect(value, options);
}

/** What the value's own methods give, or undefined. */
function own(value: object): unknown {
  const method = (name: PropertyKey): ((...args: unknown[]) => unknown) | undefined => {
    const found = dataProperty(value, name);
    return typeof found === 'function' ? (found as (...args: unknown[]) => unknown) : undefined;
  };
  const whole = method(jupyterDisplay) ?? method('_toMime');
  if (whole) {
    return whole.call(value);
  }
  const data: Record<string, unknown> = {};
  for (const [name, mime] of hooks) {
    const result = method(name)?.call(value);
    if (result !== undefined && result !== null) {
      data[mime] = result;
    }
  }
  if (Object.keys(data).length > 0) {
    return Object.values(data).some(isThenable)
      ? Promise.all(Object.entries(data).map(async ([k, v]) => [k, await v])).then(
          e => Object.fromEntries(e) as unknown
        )
      : data;
  }
  return typeof Blob !== 'undefined' && value instanceof Blob && /^image\//.test(value.type) ? image(value) : undefined;
}

async function image(blob: Blob): Promise<MimeBundle> {
  if (blob.type.startsWith(SVG)) {
    return { [SVG]: await blob.text() };
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return { [blob.type]: base64(bytes), [TEXT]: `[${blob.type}, ${bytes.length} bytes]` };
}

/** Bytes as base64, in pieces, as the spread of a large array overflows the stack. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

/** Accepts a bundle, or [bundle, metadata]; adds text/plain where there is none. */
function complete(found: unknown, value: unknown, options: InspectOptions): Representation {
  const [bundle, metadata] = Array.isArray(found) ? (found as unknown[]) : [found, {}];
  if (typeof bundle !== 'object' || bundle === null || Object.keys(bundle).length === 0) {
    return { data: { [TEXT]: typeof bundle === 'string' ? bundle : inspect(value, options) }, metadata: {} };
  }
  const data = withoutHuge(toJson(bundle) as MimeBundle);
  if (!(TEXT in data)) {
    data[TEXT] = fallback(value, data, options);
  }
  return { data, metadata: (toJson(metadata ?? {}) as { [key: string]: Json }) ?? {} };
}

/** Leaves out what would stop the page, and later the saved notebook, from opening. */
function withoutHuge(data: MimeBundle): MimeBundle {
  const { max_data } = outputLimits;
  const notes: string[] = [];
  for (const [mime, value] of Object.entries(data)) {
    if (typeof value === 'string' && value.length > max_data) {
      delete data[mime];
      notes.push(
        `[${mime} of ${value.length.toLocaleString('en')} characters left out: display_options({ max_data: Infinity }) shows it]`
      );
    }
  }
  if (notes.length > 0) {
    const text = data[TEXT];
    data[TEXT] = [...(typeof text === 'string' ? [text] : []), ...notes].join('\n');
  }
  return data;
}

/** Text for front ends that cannot draw the rest. */
function fallback(value: unknown, data: MimeBundle, options: InspectOptions): string {
  const rich = data[MARKDOWN] ?? data[LATEX];
  return typeof rich === 'string' ? rich : inspect(value, { ...options, depth: 1, max_length: 2000 });
}

function failed(error: unknown, value: unknown, options: InspectOptions): Representation {
  const reason = isError(error) ? `${error.name}: ${error.message}` : inspect(error);
  let text: string;
  try {
    text = inspect(value, options);
  } catch {
    text = '[Object]';
  }
  return { data: { [TEXT]: `${text}\n[its own display failed: ${reason}]` }, metadata: {} };
}

/** A bundle given as it is: `display(bundle, { raw: true })`. */
export function rawRepresentation(bundle: unknown, metadata: unknown = {}): Representation {
  if (typeof bundle !== 'object' || bundle === null || Array.isArray(bundle)) {
    throw new TypeError(
      `Cannot display a raw value as it must be an object of MIME types: current value is ${inspect(bundle, { depth: 0 })}`
    );
  }
  return {
    data: withoutHuge(toJson(bundle) as MimeBundle),
    metadata: (toJson(metadata) as { [key: string]: Json }) ?? {}
  };
}

/**
 * Makes a value safe for JSON: typed arrays become arrays, NaN and infinities null, bigints numbers, Maps objects.
 *
 * @throws {TypeError} If the value is circular.
 */
export function toJson(value: unknown, path: readonly object[] = []): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return Number(value);
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) {
    return null;
  }
  if (path.includes(value)) {
    throw new TypeError('Cannot send a value to the front end as it must not be circular: it contains itself');
  }
  const inner = [...path, value];
  if (Array.isArray(value)) {
    return value.map(v => toJson(v, inner));
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number>, v => toJson(v));
  }
  const convert = (value as { toJSON?: unknown }).toJSON;
  if (typeof convert === 'function') {
    return toJson(convert.call(value), inner);
  }
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const out: { [key: string]: Json } = {};
  for (const [key, v] of entries) {
    if (v !== undefined && typeof v !== 'function' && typeof v !== 'symbol') {
      out[String(key)] = toJson(v, inner);
    }
  }
  return out;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
