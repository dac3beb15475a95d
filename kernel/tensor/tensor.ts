/** Element types a Tensor can hold, by the field's names. */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool' | 'float64';

export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint16Array | Uint8Array | Int8Array;

/**
 * A dense, row-major tensor.
 */
export class Tensor {
  readonly dtype: DType;
  readonly data: TensorData;
  readonly dims: readonly number[];

  constructor(dtype: DType, data: TensorData, dims: readonly number[]) {
    this.dtype = dtype;
    this.data = data;
    this.dims = dims;
  }
}
