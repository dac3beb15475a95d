/** `onnxruntime-web` as the bundled kernel finds it: its code is bundled, its .wasm lies in the labextension. */
import { readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { env } from 'onnxruntime-web';

export * from 'onnxruntime-web';

/** The launcher says where the labextension is installed; in a source tree it is beside the bundle. */
const folders = [
  ...(process.env['LOUPE_ORT_WASM'] ? [process.env['LOUPE_ORT_WASM']] : []),
  fileURLToPath(new URL('../../labextension/static/kernel/ort', import.meta.url)),
  fileURLToPath(new URL('../labextension/static/kernel/ort', import.meta.url))
];
const found = folders.find(folder => {
  try {
    return readdirSync(folder).includes('ort-wasm-simd-threaded.wasm');
  } catch {
    return false;
  }
});
if (!found) {
  throw new Error(`Cannot run models on WASM as ort-wasm-simd-threaded.wasm must be in one of ${folders.join(', ')}`);
}
env.wasm.wasmPaths = `${pathToFileURL(found).href}/`;
