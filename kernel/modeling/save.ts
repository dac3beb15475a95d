/** Writing a model as a folder that transformers loads. */
import { decode } from '../checkpoint/decode';
import { isSafetensorsType, type SafetensorsType } from '../checkpoint/dtypes';
import { safetensorsHeader } from '../checkpoint/write-safetensors';
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
  const parameters = model.named_parameters();
  const raws = await Promise.all(parameters.map(p => checkpoint.read(p.name)));
  // Block-quantised tensors have no safetensors dtype: they are written as the float32 they stand for.
  const tensors = raws.map(raw => {
    const keeps = isSafetensorsType(raw.dtype);
    const values = keeps ? raw.bytes : bytesOf(decode(raw));
    return {
      spec: { name: raw.name, dtype: keeps ? (raw.dtype as SafetensorsType) : ('F32' as const), dims: raw.dims },
      values
    };
  });
  const header = safetensorsHeader(tensors.map(t => t.spec));
  const whole = new Uint8Array(header.length + tensors.reduce((n, t) => n + t.values.length, 0));
  whole.set(header);
  let at = header.length;
  for (const { values } of tensors) {
    whole.set(values, at);
    at += values.length;
  }
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const architectures = [model.constructor.name];
  await host.writeFile(`${folder}/config.json`, text({ ...model.config.to_dict(), architectures }));
  await host.writeFile(`${folder}/generation_config.json`, text(model.generation_config));
  await host.writeFile(`${folder}/model.safetensors`, whole);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
