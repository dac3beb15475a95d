import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { TypeScriptKernel } from './kernel';

/** The kernels running in this page. */
export interface ILoupeKernels {
  /** Running kernels, oldest first. */
  readonly running: readonly TypeScriptKernel[];
  /** Emitted when a kernel starts or ends. */
  readonly changed: ISignal<ILoupeKernels, void>;
  /** The kernel with an id, if it is one of ours. */
  get(id: string): TypeScriptKernel | undefined;
}

/** A service that knows the TypeScript kernels running in this page: for status, interrupts and model lists. */
export const ILoupeKernels = new Token<ILoupeKernels>(
  'jupyterlab-loupe:ILoupeKernels',
  'A service that knows the TypeScript kernels running in this page.'
);
