/** What every engine must do, whatever the host: run through it by each host's test. */
import type { Engine, ExternalTensor } from '../../../../kernel/host/host';
import { twoNodeGraph } from './two-node-graph';

const rows = 3;
const columns = 2;

export function weights(log: string[] = []): ExternalTensor[] {
  const make = (path: string, values: number[]): ExternalTensor => ({
    path,
    byteLength: values.length * 4,
    bytes: () => {
      log.push(path);
      return new Uint8Array(Float32Array.from(values).buffer);
    }
  });
  return [make('w/W', [1, 2, 3, 4, 5, 6]), make('w/b', [0.5, -0.5])];
}

export function engineContract(name: string, load: () => Promise<Engine>): void {
  describe(`engine ${name}`, () => {
    it('createSession() runs x·W + b with both weights made on demand', async () => {
      const engine = await load();
      const session = await engine.createSession(twoNodeGraph(rows, columns), weights());
      const x = new engine.ort.Tensor('float32', Float32Array.of(1, 10, 100), [1, rows]);
      const { y } = await session.run({ x });
      // [1 + 30 + 500, 2 + 40 + 600] + [0.5, -0.5]
      expect([...(y!.data as Float32Array)]).toEqual([531.5, 641.5]);
      await session.release();
    });

    it('createSession() asks for each weight once, and can be repeated after release()', async () => {
      const engine = await load();
      for (let i = 0; i < 2; i++) {
        const log: string[] = [];
        // Weights of less than 128 bytes are read twice, and fusions ('all') read some twice.
        const large = [64 * 32, 32].map((count, index) => ({
          path: index ? 'w/b' : 'w/W',
          byteLength: count * 4,
          bytes: () => {
            log.push(index ? 'w/b' : 'w/W');
            return new Uint8Array(count * 4);
          }
        }));
        const options = { graphOptimizationLevel: 'basic' } as const;
        const session = await engine.createSession(twoNodeGraph(64, 32), large, options);
        expect(log.sort()).toEqual(['w/W', 'w/b']);
        await session.release();
      }
    });

    it('createSession() passes on what a weight throws', async () => {
      const engine = await load();
      const broken = weights().map(tensor => ({
        ...tensor,
        bytes: (): Uint8Array => {
          throw new Error('the file went away');
        }
      }));
      await expect(engine.createSession(twoNodeGraph(rows, columns), broken)).rejects.toThrow('the file went away');
      const [matrix, bias] = weights() as [ExternalTensor, ExternalTensor];
      const short = { ...matrix, bytes: () => new Uint8Array(4) };
      await expect(engine.createSession(twoNodeGraph(rows, columns), [short, bias])).rejects.toThrow(
        'Cannot give w/W to the engine as it must have 24 bytes: current length is 4'
      );
    });

    it('createSession() rejects a broken model and works afterwards', async () => {
      const engine = await load();
      await expect(engine.createSession(Uint8Array.of(1, 2, 3), weights())).rejects.toThrow();
      const session = await engine.createSession(twoNodeGraph(rows, columns), weights());
      await session.release();
    });
  });
}
