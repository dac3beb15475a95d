import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, 'fixtures');

/** A fixture file as an ordinary Uint8Array. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, name)));
}

export function jsonFixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** Float32 values as bits, so that comparison tells -0 from 0 and keeps NaN (of any payload) equal to NaN. */
export function bits(values: Float32Array): string[] {
  const words = new Uint32Array(values.slice().buffer);
  return Array.from(words, (word, i) => (Number.isNaN(values[i]) ? 'NaN' : word.toString(16)));
}

export function floats(base64: string): Float32Array {
  return new Float32Array(fromBase64(base64).slice().buffer);
}
