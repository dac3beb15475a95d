/** The wire format of protocol buffers: enough to read a SentencePiece model. */

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** varint or fixed: the number; length-delimited: the bytes. */
  readonly value: number | Uint8Array;
  /** Wire type: 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32. */
  readonly wire: number;
}

/**
 * Reads the fields of a message one after the other.
 *
 * @param bytes The message.
 * @param where Shown in errors.
 * @throws {SyntaxError} If the bytes end within a field or are no message.
 */
export function* readFields(bytes: Uint8Array, where: string): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(
      `Cannot read ${where} as it must be a protocol buffer: ${what} at byte ${at} of ${bytes.length}`
    );
  };
  // Numbers up to 2^53; a 64-bit number with the sign bit is negative, as int32 fields are written.
  const varint = (): number => {
    let low = 0; // the first 49 bits: no bit operations, they would cut at 32
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.length) {
        fail('it ends within a number');
      }
      const byte = bytes[at++]!;
      if (shift < 49) {
        low += (byte & 0x7f) * 2 ** shift;
      } else {
        high += (byte & 0x7f) * 2 ** (shift - 49);
      }
      if (byte < 0x80) {
        const top = high % 2 ** 15; // 49 + 15 bits; what is beyond is not part of the number
        return low + (top >= 2 ** 14 ? top - 2 ** 15 : top) * 2 ** 49;
      }
    }
    return fail('a number has more than 10 bytes');
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    const number = Math.floor(key / 8);
    if (number < 1) {
      fail('a field has number 0');
    }
    switch (wire) {
      case 0:
        yield { number, wire, value: varint() };
        break;
      case 1:
      case 5: {
        const size = wire === 1 ? 8 : 4;
        if (at + size > bytes.length) {
          fail('it ends within a number');
        }
        yield { number, wire, value: wire === 1 ? view.getFloat64(at, true) : view.getFloat32(at, true) };
        at += size;
        break;
      }
      case 2: {
        const length = varint();
        if (length < 0 || at + length > bytes.length) {
          fail(`a field of ${length} bytes does not fit`);
        }
        yield { number, wire, value: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      default:
        fail(`wire type ${wire} is unknown`);
    }
  }
}
