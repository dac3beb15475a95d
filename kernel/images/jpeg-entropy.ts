/**
 * The entropy-coded part of a JPEG: Huffman codes and the five kinds of scan.
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annexes F and G
 */

/** Places of the 64 coefficients in the order they are coded. */
export const zigzag = Uint8Array.of(
  0,
  1,
  8,
  16,
  9,
  2,
  3,
  10,
  17,
  24,
  32,
  25,
  18,
  11,
  4,
  5,
  12,
  19,
  26,
  33,
  40,
  48,
  41,
  34,
  27,
  20,
  13,
  6,
  7,
  14,
  21,
  28,
  35,
  42,
  49,
  56,
  57,
  50,
  43,
  36,
  29,
  22,
  15,
  23,
  30,
  37,
  44,
  51,
  58,
  59,
  52,
  45,
  38,
  31,
  39,
  46,
  53,
  60,
  61,
  54,
  47,
  55,
  62,
  63
);

/** One colour plane while it is decoded. */
export interface Component {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  readonly table: number;
  /** Samples that count: the rest pads to whole blocks. */
  readonly width: number;
  readonly height: number;
  /** Blocks stored per row and in all rows: whole MCUs. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** 64 coefficients per block, not yet multiplied by the quantisation table. */
  readonly coefficients: Int16Array;
  /** The multipliers, taken when the component's first scan begins. */
  quantisation?: Uint16Array;
}

/** Codes by their first 9 bits, and by length beyond. */
export class HuffmanTable {
  /** length << 8 | value for each 9-bit prefix; 0 where the code is longer. */
  private readonly quick = new Uint16Array(512);
  private readonly maxCode = new Int32Array(18).fill(-1);
  private readonly offset = new Int32Array(17);
  private readonly values: Uint8Array;

  constructor(counts: Uint8Array, values: Uint8Array) {
    this.values = values;
    let code = 0;
    let k = 0;
    for (let length = 1; length <= 16; length++) {
      this.offset[length] = k - code;
      for (let i = 0; i < counts[length - 1]!; i++, k++, code++) {
        if (length <= 9) {
          this.quick.fill((length << 8) | values[k]!, code << (9 - length), (code + 1) << (9 - length));
        }
      }
      this.maxCode[length] = counts[length - 1]! > 0 ? code - 1 : -1;
      code <<= 1;
    }
  }

  read(bits: BitReader): number {
    const peeked = bits.peek16();
    const hit = this.quick[peeked >> 7]!;
    if (hit !== 0) {
      bits.skip(hit >> 8);
      return hit & 255;
    }
    for (let length = 10; length <= 16; length++) {
      const code = peeked >> (16 - length);
      if (code <= this.maxCode[length]!) {
        bits.skip(length);
        return this.values[code + this.offset[length]!]!;
      }
    }
    throw new SyntaxError('a Huffman code that no table defines');
  }
}

/** Bits of a scan; byte stuffing undone. Stops at a marker and then gives zeros, as libjpeg does. */
export class BitReader {
  at: number;
  private readonly data: Uint8Array;
  private buffer = 0;
  private count = 0;
  private padded = 0;

  constructor(data: Uint8Array, at: number) {
    this.data = data;
    this.at = at;
  }

  private fill(): void {
    while (this.count <= 16) {
      let byte = 0;
      if (this.at >= this.data.length) {
        this.pad('the file ends within the picture', 4);
      } else {
        byte = this.data[this.at]!;
        if (byte === 0xff) {
          let next = this.at + 1;
          while (this.data[next] === 0xff) {
            next++;
          }
          if (this.data[next] === 0) {
            this.at = next + 1;
          } else {
            byte = 0;
            this.pad('the picture data end too early', 1 << 12);
          }
        } else {
          this.at++;
        }
      }
      this.buffer = (this.buffer << 8) | byte;
      this.count += 8;
    }
  }

  /** A few bytes past the end are read ahead in any file; more mean that data are missing. */
  private pad(what: string, most: number): void {
    if (++this.padded > most) {
      throw new SyntaxError(what);
    }
  }

  peek16(): number {
    if (this.count < 16) {
      this.fill();
    }
    return (this.buffer >>> (this.count - 16)) & 0xffff;
  }

  skip(n: number): void {
    this.count -= n;
  }

  bit(): number {
    if (this.count < 1) {
      this.fill();
    }
    return (this.buffer >>> --this.count) & 1;
  }

  bits(n: number): number {
    if (n === 0) {
      return 0;
    }
    if (this.count < n) {
      this.fill();
    }
    this.count -= n;
    return (this.buffer >>> this.count) & ((1 << n) - 1);
  }

  /** A signed number of n bits: JPEG's EXTEND. */
  signed(n: number): number {
    const v = this.bits(n);
    return n > 0 && v < 1 << (n - 1) ? v - (1 << n) + 1 : v;
  }

  /** Drops what is left of the byte and passes the restart marker. */
  restart(): void {
    this.buffer = 0;
    this.count = 0;
    this.padded = 0;
    const { data } = this;
    while (
      this.at + 1 < data.length &&
      !(data[this.at] === 0xff && data[this.at + 1]! !== 0 && data[this.at + 1] !== 0xff)
    ) {
      this.at++;
    }
    if (data[this.at + 1]! >= 0xd0 && data[this.at + 1]! <= 0xd7) {
      this.at += 2;
    }
  }
}

/** A scan's header: which planes, which coefficients, which bits of them. */
export interface Scan {
  readonly components: readonly {
    readonly component: Component;
    readonly dc?: HuffmanTable;
    readonly ac?: HuffmanTable;
  }[];
  readonly progressive: boolean;
  readonly from: number;
  readonly to: number;
  /** Bit position coded before (0: none) and now. */
  readonly high: number;
  readonly low: number;
  readonly restartInterval: number;
  readonly mcusAcross: number;
  readonly mcusDown: number;
}

/**
 * Reads one scan into its components' coefficients.
 *
 * @param data The file.
 * @param at Where the scan's data begin.
 * @returns Where they end: at a marker.
 * @throws {SyntaxError} If a code is unknown, a table missing, or data are missing.
 */
export function readScan(data: Uint8Array, at: number, scan: Scan): number {
  const bits = new BitReader(data, at);
  const predictions = scan.components.map(() => 0);
  const run = { left: 0 };
  const block = (c: number, offset: number): void => {
    const { component, dc, ac } = scan.components[c]!;
    const out = component.coefficients;
    if (!scan.progressive || scan.from === 0) {
      if (scan.progressive && scan.high > 0) {
        out[offset] = out[offset]! | (bits.bit() << scan.low);
      } else {
        predictions[c] = predictions[c]! + bits.signed(need(dc, 'DC').read(bits) & 15);
        out[offset] = predictions[c]! << (scan.progressive ? scan.low : 0);
      }
      if (scan.progressive) {
        return;
      }
      readAc(bits, need(ac, 'AC'), out, offset, 1, 63, 0, run);
    } else if (scan.high === 0) {
      readAc(bits, need(ac, 'AC'), out, offset, scan.from, scan.to, scan.low, run);
    } else {
      refineAc(bits, need(ac, 'AC'), out, offset, scan, run);
    }
  };
  const single = scan.components.length === 1 ? scan.components[0]!.component : undefined;
  const across = single ? Math.ceil(single.width / 8) : scan.mcusAcross;
  const down = single ? Math.ceil(single.height / 8) : scan.mcusDown;
  for (let mcu = 0; mcu < across * down; mcu++) {
    if (scan.restartInterval > 0 && mcu > 0 && mcu % scan.restartInterval === 0) {
      bits.restart();
      predictions.fill(0);
      run.left = 0;
    }
    const x = mcu % across;
    const y = (mcu - x) / across;
    if (single) {
      block(0, (y * single.blocksAcross + x) * 64);
      continue;
    }
    for (let c = 0; c < scan.components.length; c++) {
      const { h, v, blocksAcross } = scan.components[c]!.component;
      for (let j = 0; j < v; j++) {
        for (let i = 0; i < h; i++) {
          block(c, ((y * v + j) * blocksAcross + x * h + i) * 64);
        }
      }
    }
  }
  return bits.at;
}

function need(table: HuffmanTable | undefined, kind: string): HuffmanTable {
  if (!table) {
    throw new SyntaxError(`a scan whose ${kind} Huffman table is missing`);
  }
  return table;
}

/** AC coefficients of one block, first time they are coded. */
function readAc(
  bits: BitReader,
  table: HuffmanTable,
  out: Int16Array,
  offset: number,
  from: number,
  to: number,
  low: number,
  run: { left: number }
): void {
  if (run.left > 0) {
    run.left--;
    return;
  }
  for (let k = from; k <= to; k++) {
    const code = table.read(bits);
    const zeros = code >> 4;
    const size = code & 15;
    if (size > 0) {
      k += zeros;
      if (k > 63) {
        throw new SyntaxError('a run of coefficients beyond its block');
      }
      out[offset + zigzag[k]!] = bits.signed(size) << low;
    } else if (zeros === 15) {
      k += 15;
    } else {
      run.left = (1 << zeros) + bits.bits(zeros) - 1;
      return;
    }
  }
}

/** One more bit of AC coefficients coded before (G.1.2.3). */
function refineAc(
  bits: BitReader,
  table: HuffmanTable,
  out: Int16Array,
  offset: number,
  scan: Scan,
  run: { left: number }
): void {
  const plus = 1 << scan.low;
  const correct = (at: number): void => {
    const v = out[at]!;
    if (bits.bit() && (v & plus) === 0) {
      out[at] = v + (v >= 0 ? plus : -plus);
    }
  };
  let k = scan.from;
  if (run.left === 0) {
    for (; k <= scan.to; k++) {
      const code = table.read(bits);
      let zeros = code >> 4;
      let value = 0;
      if ((code & 15) > 0) {
        value = bits.bit() ? plus : -plus;
      } else if (zeros < 15) {
        run.left = (1 << zeros) + bits.bits(zeros);
        break;
      }
      for (; k <= scan.to; k++) {
        const at = offset + zigzag[k]!;
        if (out[at] !== 0) {
          correct(at);
        } else if (--zeros < 0) {
          break;
        }
      }
      if (value !== 0 && k <= scan.to) {
        out[offset + zigzag[k]!] = value;
      }
    }
  }
  if (run.left > 0) {
    for (; k <= scan.to; k++) {
      const at = offset + zigzag[k]!;
      if (out[at] !== 0) {
        correct(at);
      }
    }
    run.left--;
  }
}
