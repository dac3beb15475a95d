/**
 * The one EXIF field that changes pixels.
 *
 * @param exif A TIFF structure, with or without the `Exif\0\0` in front.
 * @returns Orientation 1 (upright) to 8; 1 when absent or unreadable.
 * @see https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf
 */
export function exifOrientation(exif: Uint8Array): number {
  const start = exif[0] === 0x45 && exif[1] === 0x78 ? 6 : 0;
  const view = new DataView(exif.buffer, exif.byteOffset + start, Math.max(0, exif.byteLength - start));
  if (view.byteLength < 14) {
    return 1;
  }
  const little = view.getUint16(0) === 0x4949;
  if ((!little && view.getUint16(0) !== 0x4d4d) || view.getUint16(2, little) !== 42) {
    return 1;
  }
  const table = view.getUint32(4, little);
  if (table + 2 > view.byteLength) {
    return 1;
  }
  const entries = view.getUint16(table, little);
  for (let i = 0; i < entries; i++) {
    const at = table + 2 + 12 * i;
    if (at + 12 > view.byteLength) {
      return 1;
    }
    if (view.getUint16(at, little) === 0x0112) {
      const value = view.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}
