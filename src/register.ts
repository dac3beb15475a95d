import type { IKernelSpecs } from '@jupyterlite/services';
import { KERNEL_NAME, kernelSpec } from './kernelspec';
import { runningKernels } from './running';
import { startOptions } from './startoptions';

/** Makes the TypeScript kernel known; its code loads when the first one starts. Does nothing the second time. */
export function registerKernel(specs: IKernelSpecs): void {
  if (specs.factories.has(KERNEL_NAME)) {
    return;
  }
  specs.register({
    spec: kernelSpec(),
    create: async options => {
      const [{ TypeScriptKernel }, { startWorker }] = await Promise.all([import('./kernel'), import('./worker')]);
      const kernel = new TypeScriptKernel({
        ...options,
        startWorker,
        startOptions: () => startOptions(options.location)
      });
      runningKernels.add(kernel);
      return kernel;
    }
  });
}
