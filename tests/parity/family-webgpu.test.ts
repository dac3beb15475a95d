/**
 * One checkpoint of every family against Python on WebGPU, in Node through the driver VK_DRIVER_FILES names
 * (software-driver.cjs finds one). Without that variable there is no telling what adapter there would be: skipped.
 */
import { fixtures, type Fixture } from './fixture';
import { familySuite, useNodeHost } from './suite';

const driver = process.env['VK_DRIVER_FILES'];

/** The first variant of each family; all of one when FAMILY picks it. */
function onePerFamily(): Fixture[] {
  const all = fixtures();
  return process.env['FAMILY'] ? all : all.filter((one, i) => all[i - 1]?.model_type !== one.model_type);
}

if (driver) {
  useNodeHost();
  for (const fixture of onePerFamily()) {
    // A software GPU takes seconds per token, and the loop around it is tested elsewhere: two kinds of model suffice.
    const generates = ['qwen2', 't5'].includes(fixture.model_type);
    familySuite(fixture, { device: 'webgpu', generate: generates ? ['greedy', 'beam'] : [] });
  }
} else {
  it.skip('WebGPU parity runs where VK_DRIVER_FILES names a Vulkan driver', () => undefined);
}
