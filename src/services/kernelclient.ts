import { LiteKernelClient } from '@jupyterlite/services';
import { runningKernels } from '../running';

/** Runs in-browser kernels; unlike its base class it lets an interrupt reach the kernel. */
export class LoupeKernelClient extends LiteKernelClient {
  override async interrupt(id: string): Promise<void> {
    runningKernels.get(id)?.interrupt();
    await super.interrupt(id); // cancels the cells that wait
  }
}
