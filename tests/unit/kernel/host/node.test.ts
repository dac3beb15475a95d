import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeHost } from '../../../../kernel/host/node';
import { engineContract } from './engine-contract';

const host = createNodeHost();

engineContract('cpu', () => host.engine('cpu'));
engineContract('wasm', () => host.engine('wasm'));
// Needs a Vulkan driver: a GPU's, or VK_DRIVER_FILES naming a software one (CONTRIBUTING.md).
if (process.env['VK_DRIVER_FILES']) {
  engineContract('webgpu', () => host.engine('webgpu'));
}

describe('createNodeHost()', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'loupe-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('devices() begin with the CPU', async () => {
    expect((await host.devices())[0]).toBe('cpu');
    expect(await host.devices()).toContain('wasm');
  });

  it('engine() says what it is, and is loaded once', async () => {
    expect((await host.engine('cpu')).description).toMatch(/^CPU, \d+ threads?$/);
    expect((await host.engine('wasm')).description).toBe('WASM, 1 thread');
    expect(await host.engine('cpu')).toBe(await host.engine('cpu'));
  });

  it('leaves no weights in the temporary folder, and removes those of processes that were killed', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const leftover = join(tmpdir(), `loupe-weights-${pid}-x`);
    mkdirSync(leftover);
    jest.resetModules();
    const fresh = await import('../../../../kernel/host/node');
    const { twoNodeGraph } = await import('./two-node-graph');
    const { weights } = await import('./engine-contract');
    const engine = await fresh.createNodeHost().engine('cpu');
    await engine.createSession(twoNodeGraph(3, 2), weights());
    expect(existsSync(leftover)).toBe(false);
    expect(readdirSync(tmpdir()).filter(name => name.startsWith(`loupe-weights-${process.pid}-`))).toEqual([]);
  });

  it('memoryLimit() of WASM is below 4 GiB, of the CPU the memory of the machine', async () => {
    expect(await host.memoryLimit('wasm')).toBeLessThan(2 ** 32);
    expect(await host.memoryLimit('cpu')).toBeGreaterThan(2 ** 28);
  });

  it('writeFile() makes folders, relative to the notebook', async () => {
    await createNodeHost({ cwd: folder }).writeFile!('a/b.txt', new TextEncoder().encode('text'));
    expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('text');
  });

  it('writeFile() takes pieces, and leaves the file as it was where making one fails', async () => {
    const write = createNodeHost({ cwd: folder }).writeFile!;
    async function* pieces(fails: boolean): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(65);
      if (fails) {
        throw new Error('no more');
      }
      yield Uint8Array.of(66);
    }
    await write('f', pieces(false));
    await expect(write('f', pieces(true))).rejects.toThrow('no more');
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('AB');
    expect(readdirSync(folder)).toEqual(['f']);
  });

  it('resolve() opens files by range, synchronously or not', async () => {
    writeFileSync(join(folder, 'config.json'), 'abcdef');
    const model = await createNodeHost({ cwd: folder }).resolve('.', { local_files_only: true });
    const source = (await model.open('config.json'))!;
    expect(source.size).toBe(6);
    expect(new TextDecoder().decode(await source.read(1, 3))).toBe('bc');
    expect(new TextDecoder().decode(source.readSync!(4, 6))).toBe('ef');
    await expect(source.read(4, 7)).rejects.toThrow(/within its 6 bytes: current range is \[4, 7\)/);
    expect(() => source.readSync!(-1, 2)).toThrow(RangeError);
    expect(await model.open('absent.json')).toBeUndefined();
    expect(await model.list()).toEqual(['config.json']);
    writeFileSync(join(folder, 'config.json'), 'ab');
    await expect(source.read(4, 6)).rejects.toThrow(/the file must still be that long/);
  });

  it('resolve() reads beyond 4 GiB', async () => {
    const at = 5 * 2 ** 30;
    const file = openSync(join(folder, 'large.gguf'), 'w');
    writeSync(file, Uint8Array.of(1, 2, 3), 0, 3, at); // the rest is a hole and takes no room
    closeSync(file);
    const source = (await (await createNodeHost({ cwd: folder }).resolve('large.gguf')).open('large.gguf'))!;
    expect(source.size).toBe(at + 3);
    expect(await source.read(at - 1, at + 3)).toEqual(Uint8Array.of(0, 1, 2, 3));
    expect(source.readSync!(at + 1, at + 3)).toEqual(Uint8Array.of(2, 3));
  });
});
