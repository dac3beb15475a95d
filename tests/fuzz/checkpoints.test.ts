/**
 * 10,000 seeded mutations of each weight file format. Whatever a file says, opening and reading it must end in values
 * or in a typed error, soon, and without asking for more memory than the file can hold.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../../kernel/checkpoint/checkpoint';
import { decode } from '../../kernel/checkpoint/decode';
import { ggufConfig } from '../../kernel/checkpoint/gguf-config';
import { openCheckpoint, openGguf } from '../../kernel/checkpoint/open';
import type { ByteSource, ModelFolder } from '../../kernel/host/host';
import { mutated, seeded } from './mutate';

const fixtures = join(__dirname, '../unit/kernel/checkpoint/fixtures');
const mutations = 10_000;

let serial = 0;

/** A file in memory that counts what is read of it. */
class CountingSource implements ByteSource {
  readonly name = 'damaged';
  /** As the contract has it: different for different content. */
  readonly identity = `damaged ${serial++}`;
  readonly size: number;
  bytesRead = 0;

  constructor(private readonly _bytes: Uint8Array) {
    this.size = _bytes.length;
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= this.size)) {
      throw new Error(`a reader asked for [${begin}, ${end}) of ${this.size} bytes`); // its own checks failed
    }
    this.bytesRead += end - begin;
    return Promise.resolve(this._bytes.slice(begin, end));
  }
}

interface Outcome {
  /** Bytes asked for, per byte of the file. */
  readonly read: number;
  /** Float32 values made, per byte of the file. */
  readonly values: number;
  readonly error?: unknown;
}

async function tryFile(file: string, bytes: Uint8Array): Promise<Outcome> {
  const source = new CountingSource(bytes);
  const folder: ModelFolder = {
    name: 'fuzz',
    open: name => Promise.resolve(name === file ? source : undefined),
    list: () => Promise.resolve([file])
  };
  let values = 0;
  const outcome = (): Outcome => ({
    read: source.bytesRead / Math.max(1000, bytes.length),
    values: values / Math.max(1000, bytes.length)
  });
  try {
    if (file.endsWith('.gguf')) {
      await ggufConfig((await openGguf(folder))!);
    }
    const checkpoint = await openCheckpoint(folder);
    for (const name of checkpoint.names) {
      const raw = await checkpoint.read(name);
      if (raw.dtype !== 'C64' && !raw.dtype.startsWith('F6')) {
        values += decode(raw).length;
      }
    }
    return outcome();
  } catch (error) {
    return { ...outcome(), error };
  }
}

describe.each([
  ['model.safetensors', 'dtypes.safetensors', 2500, 11],
  ['model.gguf', 'qwen2.gguf', 3000, 12],
  ['model.gguf', 'gpt2.gguf', 3000, 13],
  ['pytorch_model.bin', 'tensors.bin', 4300, 14],
  ['pytorch_model.bin', 'legacy.bin', 1200, 15]
] as const)('%s made from %s', (file, fixture, head, seed) => {
  it(`gives values or a typed error for ${mutations} mutations`, async () => {
    const original = new Uint8Array(readFileSync(join(fixtures, fixture)));
    const random = seeded(seed);
    let failed = 0;
    const faults: string[] = [];
    for (let i = 0; i < mutations; i++) {
      const bytes = mutated(original, head, random);
      const started = performance.now();
      const { read, values, error } = await tryFile(file, bytes);
      const time = performance.now() - started;
      if (error !== undefined) {
        failed++;
      }
      const isTyped =
        error === undefined || (error instanceof CheckpointError && error.message.startsWith('Cannot load damaged'));
      // Several tensors may share bytes in .bin files only; a Q2_K byte makes at most 4 values.
      if (!isTyped || read > 30 || values > 30 || time > 2000) {
        faults.push(
          `mutation ${i}: ${String((error as Error | undefined)?.stack ?? '')} read ${read} values ${values} ${time} ms`
        );
      }
    }
    expect(faults.slice(0, 5)).toEqual([]);
    // The damage is neither always fatal nor never.
    expect(failed).toBeGreaterThan(mutations / 4);
    expect(failed).toBeLessThan(mutations);
  });
});
