import type { Attribute, InitializerDef, NodeDef, OnnxDType, ValueDef } from './onnx';
import { encodeModel } from './onnx';
import type { EditSite } from './names';

/** How the matrices of linear maps are kept and multiplied. Norms, biases and small weights are always float32. */
export type LinearFormat = 'float32' | 'float16' | 'q8' | 'q4';

/** What a graph is made for. */
export interface Target {
  readonly device: 'webgpu' | 'wasm' | 'cpu';
  readonly linear: LinearFormat;
  /** Put a multiply and an add at these hook points, fed at run time (see names.ts). */
  readonly edits: readonly EditSite[];
}

/** Block length of the quantised formats: one scale per this many inputs of an output row. */
export const QUANT_BLOCK = 32;

/** A form in which the loader must deliver one canonical weight. */
export type WeightForm =
  /** [out, in] or any dims, as float32. */
  | 'float32'
  /** The same, as float16. */
  | 'float16'
  /** MatMulNBits: uint8 [out, in / block, block · bits / 8], float32 scales [out · in / block], zero points (q4). */
  | 'q4'
  | 'q8'
  /** DynamicQuantizeMatMul: int8 [in, out] and float32 scales [out]. */
  | 'int8';

/** One canonical weight the graph refers to. Parts are initialisers named `<canonical>` or `<canonical>#<part>`. */
export interface WeightRequest {
  readonly name: string;
  readonly dims: readonly number[];
  readonly form: WeightForm;
  readonly parts: readonly { readonly part: string; readonly initializer: InitializerDef }[];
}

/** A graph value that can be fetched, with its dims in words; see names.ts. */
export interface Readable {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/** Result of building: bytes to hand to the engine, weights to bring, values that can be read. */
export interface BuiltGraph {
  readonly proto: Uint8Array;
  readonly weights: readonly WeightRequest[];
  readonly inputs: readonly ValueDef[];
  readonly readable: ReadonlyMap<string, Readable>;
  readonly nodeCount: number;
}

const BYTES = { float32: 4, float16: 2, int64: 8, int32: 4, uint8: 1, int8: 1, bool: 1 } as const;

/**
 * Collects nodes, inputs, outputs and weights of one graph. Every value's name is its place
 * (`blocks.3.attn.hook_z`); unnamed ones get `<scope>/<Op>_<n>`. Equal constants are made once.
 */
export class GraphBuilder {
  private readonly nodes: NodeDef[] = [];
  private readonly initializers: InitializerDef[] = [];
  private readonly inputs: ValueDef[] = [];
  private readonly outputs: ValueDef[] = [];
  private readonly requests = new Map<string, WeightRequest>();
  private readonly constants = new Map<string, string>();
  private readonly readable = new Map<string, Readable>();
  private counter = 0;
  /** Prefix of unnamed values. */
  scope = '';

  constructor(
    private readonly name: string,
    readonly target: Target
  ) {}

  /**
   * Adds a node with one output.
   * @param name Name of the output; made from scope and operator if absent.
   * @returns The output's name.
   */
  node(
    op: string,
    inputs: readonly string[],
    attributes: { readonly [name: string]: Attribute } = {},
    name = `${this.scope}/${op}_${this.counter++}`,
    domain = ''
  ): string {
    this.nodes.push({ op, domain, name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Adds a node of the com.microsoft domain. */
  contrib(
    op: string,
    inputs: readonly string[],
    attributes: { readonly [name: string]: Attribute } = {},
    name?: string
  ): string {
    return this.node(op, inputs, attributes, name, 'com.microsoft');
  }

  /** Declares a graph input (once per name). */
  input(name: string, dtype: OnnxDType, dims: readonly (number | string)[]): string {
    if (!this.inputs.some(i => i.name === name)) {
      this.inputs.push({ name, dtype, dims });
    }
    return name;
  }

  /**
   * Declares a value as a graph output.
   * @param stored Dims the value has in the graph.
   * @param dims Dims it means to a reader, if unlike: same element count.
   */
  output(
    name: string,
    stored: readonly (number | string)[],
    dims: readonly (number | string)[] = stored,
    dtype: OnnxDType = 'float32'
  ): string {
    if (!this.readable.has(name)) {
      this.outputs.push({ name, dtype, dims: stored });
      this.readable.set(name, { name, dims });
    }
    return name;
  }

  /** A constant tensor of int64. */
  ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const raw = new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
    return this.constant(`int64[${dims}]${values}`, 'int64', dims, raw);
  }

  /** A constant float32 tensor. */
  floats(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const raw = new Uint8Array(new Float32Array(values).buffer);
    const key = values.length > 8 && values.every(v => v === values[0]) ? `${values[0]}×${values.length}` : `${values}`;
    return this.constant(`float32[${dims}]${key}`, 'float32', dims, raw);
  }

  private constant(key: string, dtype: OnnxDType, dims: readonly number[], raw: Uint8Array): string {
    let name = this.constants.get(key);
    if (!name) {
      name = `constant/${key}`;
      this.constants.set(key, name);
      this.initializers.push({ name, dtype, dims, raw });
    }
    return name;
  }

  /** A learned tensor, by canonical name, as float32. */
  weight(name: string, dims: readonly number[]): string {
    return this.request(name, dims, 'float32')[0]!;
  }

  private request(name: string, dims: readonly number[], form: WeightForm): string[] {
    let request = this.requests.get(name);
    if (!request) {
      const parts = weightParts(name, dims, form);
      request = { name, dims, form, parts };
      this.requests.set(name, request);
      parts.forEach(p => this.initializers.push(p.initializer));
    }
    return request.parts.map(p => p.initializer.name);
  }

  /**
   * y = x Wᵀ + b for x [rows, in] and W [out, in].
   *
   *   float32, float16   x ─► Gemm(transB)
   *   q4, q8             x ─► MatMulNBits ─► Add b        (on WASM q8: DynamicQuantizeMatMul)
   */
  linear(x: string, name: string, size: { in: number; out: number; bias: boolean }, output?: string): string {
    const weight = `${name}.weight`;
    const bias = size.bias ? this.weight(`${name}.bias`, [size.out]) : undefined;
    const dims = [size.out, size.in];
    const form = linearForm(this.target, size.in);
    if (form === 'int8') {
      const [b, scale, zero] = this.request(weight, dims, form) as [string, string, string];
      return this.contrib('DynamicQuantizeMatMul', bias ? [x, b, scale, zero, bias] : [x, b, scale, zero], {}, output);
    }
    if (form === 'q4' || form === 'q8') {
      const attributes = {
        K: size.in,
        N: size.out,
        bits: form === 'q4' ? 4 : 8,
        block_size: QUANT_BLOCK,
        accuracy_level: this.target.device === 'cpu' ? 4 : 0
      };
      const inputs = [x, ...this.request(weight, dims, form)];
      return bias
        ? this.node('Add', [this.contrib('MatMulNBits', inputs, attributes), bias], {}, output)
        : this.contrib('MatMulNBits', inputs, attributes, output);
    }
    let w = this.request(weight, dims, form)[0]!;
    if (form === 'float16') {
      w = this.node('Cast', [w], { to: 1 });
    }
    return this.node('Gemm', bias ? [x, w, bias] : [x, w], { transB: 1 }, output);
  }

  build(): BuiltGraph {
    const { nodes, initializers, inputs, outputs } = this;
    return {
      proto: encodeModel({ name: this.name, nodes, initializers, inputs, outputs }),
      weights: [...this.requests.values()],
      inputs,
      readable: this.readable,
      nodeCount: nodes.length
    };
  }
}

/** The form a linear map's matrix takes on a device. Widths that do not fill blocks stay float32. */
function linearForm(target: Target, width: number): WeightForm {
  const { linear, device } = target;
  if ((linear === 'q4' || linear === 'q8') && width % QUANT_BLOCK !== 0) {
    return 'float32';
  }
  // MatMulNBits has no fast kernel on WASM: 8 bits go through DynamicQuantizeMatMul there.
  return device === 'wasm' && linear === 'q8' ? 'int8' : linear;
}

/** The initialisers one weight becomes. */
function weightParts(name: string, dims: readonly number[], form: WeightForm): WeightRequest['parts'] {
  const external = (part: string, dtype: OnnxDType, partDims: readonly number[]) => {
    const id = part ? `${name}#${part}` : name;
    const byteLength = partDims.reduce((a, b) => a * b, 1) * BYTES[dtype];
    return { part, initializer: { name: id, dtype, dims: partDims, location: id, byteLength } };
  };
  const [out, width] = dims as [number, number];
  const blocks = Math.ceil((width ?? 0) / QUANT_BLOCK);
  switch (form) {
    case 'float32':
    case 'float16':
      return [external('', form, dims)];
    case 'int8':
      return [external('', 'int8', [width, out]), external('scale', 'float32', [out]), external('zero', 'int8', [out])];
    case 'q8':
      return [external('', 'uint8', [out, blocks, QUANT_BLOCK]), external('scale', 'float32', [out * blocks])];
    case 'q4':
      return [
        external('', 'uint8', [out, blocks, QUANT_BLOCK / 2]),
        external('scale', 'float32', [out * blocks]),
        external('zero', 'uint8', [out, Math.ceil(blocks / 2)])
      ];
  }
}
