/** Writing a model as a folder that transformers loads. */
import { decode } from '../checkpoint/decode';
import { isSafetensorsType } from '../checkpoint/dtypes';
import { safetensorsFile } from '../checkpoint/write-safetensors';
import { getHost } from '../host/host';
import type { ModelCore } from './model-core';

/** Writes config.json, generation_config.json and model.safetensors. */
export async function savePretrained(model: ModelCore, folder: string): Promise<void> {
  const host = getHost();
  if (!host.writeFile) {
    throw new RangeError(
      'Cannot save the model as files can only be written by the server kernel (TypeScript (Loupe, server))'
    );
  }
  const { checkpoint } = model.runtime;
  // One tensor at a time: a model may be larger than memory would hold twice.
  const { pieces } = safetensorsFile(
    model.named_parameters().map(({ name }) => {
      const { dtype, dims } = checkpoint.info(name);
      // Block-quantised tensors have no safetensors dtype: they are written as the float32 they stand for.
      return isSafetensorsType(dtype)
        ? { name, dtype, dims, bytes: async () => (await checkpoint.read(name)).bytes }
        : { name, dtype: 'F32' as const, dims, bytes: async () => bytesOf(decode(await checkpoint.read(name))) };
    }),
    { format: 'pt' }
  );
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const architectures = [model.constructor.name];
  await host.writeFile(`${folder}/config.json`, text({ ...model.config.to_dict(), architectures }));
  await host.writeFile(`${folder}/generation_config.json`, text(model.generation_config));
  await host.writeFile(`${folder}/model.safetensors`, pieces());
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
