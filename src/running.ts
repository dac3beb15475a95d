import { type ISignal, Signal } from '@lumino/signaling';
import type { TypeScriptKernel } from './kernel';
import type { ILoupeKernels } from './tokens';

/** The kernels running in this page, by id. */
export class RunningKernels implements ILoupeKernels {
  get running(): readonly TypeScriptKernel[] {
    return [...this._kernels.values()];
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get(id: string): TypeScriptKernel | undefined {
    return this._kernels.get(id);
  }

  /** Adds a kernel until it is disposed. */
  add(kernel: TypeScriptKernel): void {
    this._kernels.set(kernel.id, kernel);
    kernel.disposed.connect(() => {
      // A restart makes the successor under the same id: remove only what is still this kernel.
      if (this._kernels.get(kernel.id) === kernel) {
        this._kernels.delete(kernel.id);
        this._changed.emit();
      }
    });
    this._changed.emit();
  }

  private _kernels = new Map<string, TypeScriptKernel>();
  private _changed = new Signal<this, void>(this);
}

/** This page's kernels; one list, because the host plugins exist before the application does. */
export const runningKernels = new RunningKernels();
