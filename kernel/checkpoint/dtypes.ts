/** Element types of weight files: how many elements make a block, and how many bytes it takes. */

interface Block {
  /** Elements per block; 1 for plain numbers. */
  readonly elements: number;
  readonly bytes: number;
}

const plain = (bytes: number): Block => ({ elements: 1, bytes });

/**
 * Element types of safetensors, by its names.
 * @see {@link https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs} `Dtype`
 */
const safetensorsBlocks = {
  BOOL: plain(1),
  U8: plain(1),
  I8: plain(1),
  F8_E5M2: plain(1),
  F8_E4M3: plain(1),
  F8_E8M0: plain(1),
  F8_E4M3FNUZ: plain(1),
  F8_E5M2FNUZ: plain(1),
  I16: plain(2),
  U16: plain(2),
  F16: plain(2),
  BF16: plain(2),
  I32: plain(4),
  U32: plain(4),
  F32: plain(4),
  C64: plain(8),
  F64: plain(8),
  I64: plain(8),
  U64: plain(8),
  // Less than a byte each: a whole tensor must fill whole bytes.
  F4: { elements: 2, bytes: 1 },
  F6_E2M3: { elements: 4, bytes: 3 },
  F6_E3M2: { elements: 4, bytes: 3 }
} as const satisfies Record<string, Block>;

/**
 * Block types of GGUF.
 * @see {@link https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py} `GGML_QUANT_SIZES`
 */
const ggufBlocks = {
  Q4_0: { elements: 32, bytes: 18 },
  Q4_1: { elements: 32, bytes: 20 },
  Q5_0: { elements: 32, bytes: 22 },
  Q5_1: { elements: 32, bytes: 24 },
  Q8_0: { elements: 32, bytes: 34 },
  Q2_K: { elements: 256, bytes: 84 },
  Q3_K: { elements: 256, bytes: 110 },
  Q4_K: { elements: 256, bytes: 144 },
  Q5_K: { elements: 256, bytes: 176 },
  Q6_K: { elements: 256, bytes: 210 },
  IQ4_NL: { elements: 32, bytes: 18 },
  IQ4_XS: { elements: 256, bytes: 136 }
} as const satisfies Record<string, Block>;

export type SafetensorsType = keyof typeof safetensorsBlocks;
export type QuantType = keyof typeof ggufBlocks;
export type DataType = SafetensorsType | QuantType;

/** GGUF type numbers → names. */
export const ggmlTypes: ReadonlyMap<number, DataType> = new Map<number, DataType>([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [6, 'Q5_0'],
  [7, 'Q5_1'],
  [8, 'Q8_0'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [12, 'Q4_K'],
  [13, 'Q5_K'],
  [14, 'Q6_K'],
  [20, 'IQ4_NL'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [30, 'BF16']
]);

/** Names of the GGUF types nothing here decodes, so that the refusal can say which it is. */
export const undecodedGgmlTypes: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
  [40, 'NVFP4']
]);

const blocks = new Map<string, Block>(Object.entries({ ...safetensorsBlocks, ...ggufBlocks }));

export function isSafetensorsType(name: unknown): name is SafetensorsType {
  return typeof name === 'string' && Object.hasOwn(safetensorsBlocks, name);
}

/** True for GGUF's block types: values that were rounded to a few bits. */
export function isQuantType(dtype: DataType): dtype is QuantType {
  return Object.hasOwn(ggufBlocks, dtype);
}

/** Elements and bytes of one block of a type. */
export function blockOf(dtype: DataType): Block {
  return blocks.get(dtype)!;
}

/**
 * Bytes that `count` elements take.
 *
 * @returns The number of bytes, or undefined if `count` does not fill whole blocks.
 */
export function bytesOf(dtype: DataType, count: number): number | undefined {
  const { elements, bytes } = blockOf(dtype);
  return count % elements === 0 ? (count / elements) * bytes : undefined;
}
