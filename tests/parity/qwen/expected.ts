/** Reads what make_fixtures.py wrote. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const fixtures = join(__dirname, 'fixtures');

export interface Run {
  inputs: { [name: string]: unknown };
  after?: string;
  sequences?: number[][];
  [fact: string]: unknown;
}

/** Tensors of expected.safetensors by name, all float32. */
export type Expected = ReadonlyMap<string, { data: Float32Array; dims: number[] }>;

export function readRuns(folder: string): { [name: string]: Run } {
  return JSON.parse(readFileSync(resolve(fixtures, folder, 'expected.json'), 'utf8')) as { [name: string]: Run };
}

export function readExpected(folder: string): Expected {
  const file = Uint8Array.from(readFileSync(resolve(fixtures, folder, 'expected.safetensors')));
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as {
    [name: string]: { shape: number[]; data_offsets: [number, number] };
  };
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to]
          }
        ]) => [name, { dims: shape, data: new Float32Array(file.slice(8 + length + from, 8 + length + to).buffer) }]
      )
  );
}

/** Largest difference of two tensors of the same dims. */
export function difference(
  got: { data: ArrayLike<number | bigint>; dims: readonly number[] },
  want: { data: ArrayLike<number>; dims: readonly number[] } | undefined
): number {
  if (!want) {
    throw new Error('no such tensor in expected.safetensors');
  }
  expect([...got.dims]).toEqual([...want.dims]);
  let most = 0;
  for (let i = 0; i < want.data.length; i++) {
    most = Math.max(most, Math.abs(Number(got.data[i]) - want.data[i]!));
  }
  return most;
}
