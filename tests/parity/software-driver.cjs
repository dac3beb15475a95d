/**
 * Prints the environment in which onnxruntime-node has WebGPU without a GPU: Chromium's software Vulkan driver, and the
 * Vulkan loader next to it where the system has none.
 *
 *     env $(node tests/parity/software-driver.cjs) npx jest tests/parity/family-webgpu
 *
 * The variables must be there before the process starts, as the loader reads the C environment. Prints nothing where
 * there is no Chromium.
 */
const { existsSync, mkdirSync, rmSync, symlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

const FILE = 'vk_swiftshader_icd.json';

/** Folders Chromium is installed in: the distribution's package, or the one playwright-core downloads. */
function folders() {
  const found = [
    '/usr/lib/chromium',
    '/usr/lib64/chromium-browser',
    '/opt/google/chrome',
    '/snap/chromium/current/usr/lib/chromium-browser'
  ];
  try {
    found.push(dirname(require('playwright-core').chromium.executablePath()));
  } catch {
    // Not installed: the folders above are what there is.
  }
  return found;
}

/** A folder with nothing but Chromium's loader: its own folder also has an EGL of its own, which others must not find. */
function loaderFolder(folder) {
  const loader = join(folder, 'libvulkan.so.1');
  if (!existsSync(loader)) {
    return undefined;
  }
  const place = join(tmpdir(), 'loupe-vulkan-loader');
  mkdirSync(place, { recursive: true });
  rmSync(join(place, 'libvulkan.so.1'), { force: true });
  symlinkSync(loader, join(place, 'libvulkan.so.1'));
  return place;
}

const folder = folders().find(place => existsSync(join(place, FILE)));
const environment = {};
if (folder) {
  environment.VK_DRIVER_FILES = join(folder, FILE);
  const loader = loaderFolder(folder);
  if (loader) {
    environment.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, loader].filter(Boolean).join(':');
  }
}

module.exports = environment;

if (require.main === module) {
  process.stdout.write(
    Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')
  );
}
