/**
 * `onnxruntime-node` as the bundled kernel finds it. It is too large for a wheel (about 250 MB for all platforms), so it
 * is taken from where it is installed.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Native from 'onnxruntime-node';

/** Where it is looked for, in order. */
export function searchPlaces(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd = process.cwd()
): string[] {
  return [
    ...(env['LOUPE_NODE_MODULES'] ? [env['LOUPE_NODE_MODULES']] : []),
    join(cwd, 'node_modules'),
    ...(env['NODE_PATH'] ?? '').split(process.platform === 'win32' ? ';' : ':').filter(Boolean),
    // npm's global folder, beside the node program.
    join(dirname(process.execPath), process.platform === 'win32' ? 'node_modules' : '../lib/node_modules')
  ];
}

function load(): typeof Native {
  const failures: string[] = [];
  for (const place of searchPlaces()) {
    const require = createRequire(join(place, '../_'));
    try {
      // The folder itself first: NODE_PATH entries need not be called node_modules.
      return require(require.resolve('onnxruntime-node', { paths: [place, join(place, '..')] })) as typeof Native;
    } catch (error) {
      if (
        (error as { code?: string }).code !== 'MODULE_NOT_FOUND' ||
        !/'onnxruntime-node'/.test((error as Error).message)
      ) {
        failures.push(`\n${place}: ${(error as Error).message}`);
      }
    }
  }
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as typeof Native;
  } catch {
    throw new Error(
      `Cannot run models natively as onnxruntime-node must be installed: run npm install -g onnxruntime-node@1.30.0, or ` +
        `install it next to the notebook or in a folder named by LOUPE_NODE_MODULES${failures.join('')}`
    );
  }
}

export const { InferenceSession, Tensor, env, listSupportedBackends } = load();
