import type { CallOptions as TokenizerOptions } from '../tokenizer/padding';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { Tensors } from './pipeline-base';

/** One text as inputs of a model, each [1, tokens]. */
export function textTensors(
  tokenizer: PreTrainedTokenizer,
  text: unknown,
  pair: string | undefined,
  options: Readonly<Record<string, unknown>>
): Tensors {
  if (typeof text !== 'string') {
    throw new TypeError(`Cannot read the input as it must be a text or a list of texts: it is ${describe(text)}`);
  }
  const encoded = tokenizer(text, {
    ...options,
    ...(pair === undefined ? {} : { text_pair: pair }),
    return_tensors: 'pt'
  } as TokenizerOptions);
  return { ...encoded } as unknown as Tensors;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : value === null || value === undefined ? String(value) : typeof value;
}
