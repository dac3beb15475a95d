import type { Runtime } from './load';

/** What one model holds. */
export interface ModelMemory {
  readonly name: string;
  readonly device: string;
  readonly dtype: string;
  /** Bytes of weights and tables as held. */
  readonly bytes: number;
}

const loaded = new Map<object, { name: string; runtime: Runtime }>();

/** Notes a model as loaded. */
export function track(model: object, name: string, runtime: Runtime): void {
  loaded.set(model, { name, runtime });
}

/** Notes a model as disposed. */
export function untrack(model: object): void {
  loaded.delete(model);
}

/**
 * What loaded models hold, in RAM or on the GPU.
 *
 * @example
 * const { models, bytes_ram, bytes_gpu } = await memory();
 */
export async function memory(): Promise<{ models: ModelMemory[]; bytes_ram: number; bytes_gpu: number }> {
  const models: ModelMemory[] = [];
  for (const { name, runtime } of loaded.values()) {
    models.push({ name, device: runtime.engine.device, dtype: runtime.plan.dtype, bytes: await runtime.bytes() });
  }
  const sum = (gpu: boolean): number =>
    models.filter(m => (m.device === 'webgpu') === gpu).reduce((n, m) => n + m.bytes, 0);
  return { models, bytes_ram: sum(false), bytes_gpu: sum(true) };
}
