/** The GPU device of the browser's engine: owned here, so that its loss is noticed and a new one can be made. */

import type * as ort from 'onnxruntime-common';

/** As much of WebGPU's types as is used; TypeScript's worker library has no more. */
interface Adapter {
  readonly features: ReadonlySet<string>;
  readonly limits: Record<string, number>;
  readonly info?: { vendor?: string; architecture?: string; description?: string };
  requestDevice(options: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<Device>;
}

interface Device {
  readonly lost: Promise<{ reason: string; message: string }>;
  readonly limits: Record<string, number>;
  destroy(): void;
}

export interface Gpu {
  readonly device: Device;
  /** e.g. "apple metal-3". */
  readonly name: string;
  /** Whether shaders may compute in float16. */
  readonly float16: boolean;
  /** Bytes of the largest buffer. */
  readonly largestBuffer: number;
  /** Resolves with the reason when the device is lost; never rejects. */
  readonly lost: Promise<string>;
}

/** Limits the engine profits from: it is given what the adapter can do, as the defaults stop at 128 MiB buffers. */
const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension'
];

const features = ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix'];

/** The adapter, or undefined where the browser has none to give. */
export async function findAdapter(): Promise<Adapter | undefined> {
  const gpu = (navigator as { gpu?: { requestAdapter(options: object): Promise<Adapter | null> } }).gpu;
  try {
    return (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens the device.
 *
 * @throws {Error} If there is no adapter, or it refuses.
 */
export async function openGpu(): Promise<Gpu> {
  const adapter = await findAdapter();
  if (!adapter) {
    throw new Error(
      'Cannot use WebGPU as the browser must offer an adapter: it offers none (see chrome://gpu); use device: "wasm"'
    );
  }
  const device = await adapter.requestDevice({
    requiredFeatures: features.filter(name => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(
      limits.filter(name => adapter.limits[name] !== undefined).map(name => [name, adapter.limits[name]!])
    )
  });
  const { vendor, architecture, description } = adapter.info ?? {};
  return {
    device,
    name: [vendor, architecture].filter(Boolean).join(' ') || description || 'unnamed adapter',
    float16: adapter.features.has('shader-f16'),
    largestBuffer: device.limits['maxBufferSize'] ?? 0,
    lost: device.lost.then(({ reason, message }) => `the GPU device was lost (${reason}): ${message}`)
  };
}

/**
 * Makes a session's runs end when the device is lost: the engine's own promises may then stay open for ever.
 *
 * @param lost Resolves with the reason.
 */
export function guardRuns(session: ort.InferenceSession, lost: Promise<string>): ort.InferenceSession {
  const waiting = new Set<(error: Error) => void>();
  let failure: Error | undefined;
  void lost.then(reason => {
    failure = new Error(
      `Cannot run the model as its GPU device must be there: ${reason}; load the model again, or with device: 'wasm'`
    );
    waiting.forEach(reject => reject(failure!));
  });
  const run = session.run.bind(session) as (...args: unknown[]) => Promise<ort.InferenceSession.ReturnType>;
  const guarded = (...args: unknown[]): Promise<ort.InferenceSession.ReturnType> =>
    new Promise((resolve, reject) => {
      if (failure) {
        reject(failure);
        return;
      }
      waiting.add(reject);
      run(...args)
        // What a run throws while its device goes is only how that shows.
        .then(resolve, (error: unknown) => setTimeout(() => reject(failure ?? error)))
        .finally(() => waiting.delete(reject));
    });
  session.run = guarded as typeof session.run;
  return session;
}
