/**
 * Writes ONNX ModelProto bytes. Protocol buffers are simple enough that a writer of the few messages used here is
 * smaller than any library, and it can leave weights outside.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

/** ONNX element types. */
export const OnnxType = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type OnnxDType = keyof typeof OnnxType;

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface NodeDef {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: { readonly [name: string]: Attribute };
}

export interface InitializerDef {
  readonly name: string;
  readonly dtype: OnnxDType;
  readonly dims: readonly number[];
  /** Bytes in the proto, or absent for an external tensor at `location`. */
  readonly raw?: Uint8Array;
  readonly location?: string;
  readonly byteLength?: number;
}

export interface ValueDef {
  readonly name: string;
  readonly dtype: OnnxDType;
  /** Numbers are fixed, strings are symbols shared by equal axes. */
  readonly dims: readonly (number | string)[];
}

export interface GraphDef {
  readonly name: string;
  readonly nodes: readonly NodeDef[];
  readonly initializers: readonly InitializerDef[];
  readonly inputs: readonly ValueDef[];
  readonly outputs: readonly ValueDef[];
}

/** A growing byte buffer with protobuf's primitives. */
class Writer {
  private bytes = new Uint8Array(1 << 12);
  private length = 0;

  private room(n: number): void {
    if (this.length + n > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + n));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
  }

  varint(value: number | bigint): void {
    let v = BigInt.asUintN(64, BigInt(value));
    this.room(10);
    while (v > 127n) {
      this.bytes[this.length++] = Number(v & 127n) | 128;
      v >>= 7n;
    }
    this.bytes[this.length++] = Number(v);
  }

  int(field: number, value: number | bigint): void {
    this.varint(field << 3);
    this.varint(value);
  }

  float(field: number, value: number): void {
    this.varint((field << 3) | 5);
    this.room(4);
    new DataView(this.bytes.buffer).setFloat32(this.length, value, true);
    this.length += 4;
  }

  raw(field: number, value: Uint8Array): void {
    this.varint((field << 3) | 2);
    this.varint(value.length);
    this.room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  string(field: number, value: string): void {
    this.raw(field, encoder.encode(value));
  }

  message(field: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    this.raw(field, inner.finish());
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

const encoder = new TextEncoder();

function writeAttribute(w: Writer, name: string, value: Attribute): void {
  w.string(1, name);
  if (typeof value === 'number') {
    w.int(3, value);
    w.int(20, 2);
  } else if (typeof value === 'string') {
    w.raw(4, encoder.encode(value));
    w.int(20, 3);
  } else if ('float' in value) {
    w.float(2, value.float);
    w.int(20, 1);
  } else {
    value.forEach(v => w.int(8, v));
    w.int(20, 7);
  }
}

function writeValue(w: Writer, value: ValueDef): void {
  w.string(1, value.name);
  w.message(2, type =>
    type.message(1, tensor => {
      tensor.int(1, OnnxType[value.dtype]);
      tensor.message(2, shape =>
        value.dims.forEach(d => shape.message(1, dim => (typeof d === 'number' ? dim.int(1, d) : dim.string(2, d))))
      );
    })
  );
}

function writeInitializer(w: Writer, tensor: InitializerDef): void {
  tensor.dims.forEach(d => w.int(1, d));
  w.int(2, OnnxType[tensor.dtype]);
  w.string(8, tensor.name);
  if (tensor.raw) {
    w.raw(9, tensor.raw);
    return;
  }
  const entries = { location: tensor.location!, offset: '0', length: String(tensor.byteLength) };
  for (const [key, value] of Object.entries(entries)) {
    w.message(13, e => {
      e.string(1, key);
      e.string(2, value);
    });
  }
  w.int(14, 1); // data_location EXTERNAL
}

/**
 * Encodes a graph as ModelProto bytes: IR version 11, opset 23 plus com.microsoft 1.
 */
export function encodeModel(graph: GraphDef): Uint8Array {
  const w = new Writer();
  w.int(1, 11);
  w.string(2, 'loupe');
  w.message(7, g => {
    for (const node of graph.nodes) {
      g.message(1, n => {
        node.inputs.forEach(i => n.string(1, i));
        node.outputs.forEach(o => n.string(2, o));
        n.string(3, node.name);
        n.string(4, node.op);
        for (const [name, value] of Object.entries(node.attributes)) {
          n.message(5, a => writeAttribute(a, name, value));
        }
        if (node.domain) {
          n.string(7, node.domain);
        }
      });
    }
    g.string(2, graph.name);
    graph.initializers.forEach(t => g.message(5, m => writeInitializer(m, t)));
    graph.inputs.forEach(v => g.message(11, m => writeValue(m, v)));
    graph.outputs.forEach(v => g.message(12, m => writeValue(m, v)));
  });
  for (const [domain, version] of [
    ['', 23],
    ['com.microsoft', 1]
  ] as const) {
    w.message(8, o => {
      o.string(1, domain);
      o.int(2, version);
    });
  }
  return w.finish();
}
