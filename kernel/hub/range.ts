import type { ByteSource } from '../host/host';

/** @throws {RangeError} If a range is outside a source. */
export function checkRange(source: ByteSource, begin: number, end: number): void {
  if (!(Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin <= end && end <= source.size)) {
    throw new RangeError(
      `Cannot read ${source.name} as the range must lie within its ${source.size} bytes: ` +
        `current range is [${begin}, ${end})`
    );
  }
}
