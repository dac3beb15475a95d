/** ZeroMQ's prebuilt add-on. In the bundle this stands for zeromq's own loader, whose search needs its whole package. */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Which of the add-ons beside the bundle this machine needs, e.g. `linux-x64-glibc`. */
export function addonName(
  platform: string = process.platform,
  arch: string = process.arch,
  isGlibc = hasGlibc()
): string {
  return `${platform}-${arch}${platform === 'linux' ? (isGlibc ? '-glibc' : '-musl') : ''}`;
}

function hasGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime !== undefined;
}

function load(): unknown {
  // The code is in a chunk, one folder below the add-ons, or in the entry beside them.
  const files = ['../addons/', './addons/'].map(f =>
    fileURLToPath(new URL(`${f}${addonName()}.node`, import.meta.url))
  );
  const file = files.find(f => existsSync(f));
  if (!file) {
    throw new Error(
      `Cannot start the server kernel as ZeroMQ must be there for ${addonName()}: this package has no add-on for it`
    );
  }
  return createRequire(import.meta.url)(file);
}

export default load();
