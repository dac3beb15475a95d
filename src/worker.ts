import type { FromKernel, ToKernel } from '../kernel/protocol/messages';
import { staticUrl } from './kernelspec';

/** The far side of the protocol: a `Worker`, or a stand-in in tests. */
export interface IKernelWorker {
  postMessage(message: ToKernel, transfer?: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<FromKernel>) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** Base URL of the kernel's own files, ending in '/'. */
export function kernelAssetsUrl(): string {
  return staticUrl('kernel/');
}

/**
 * Starts the kernel's worker. This is the only place that knows where it lies.
 *
 * The worker is an ES module built beside the page's bundle, so that its engine and its analyses load on first use.
 */
export function startWorker(): IKernelWorker {
  const url = new URL('worker.js', kernelAssetsUrl());
  const options: WorkerOptions = { type: 'module', name: 'loupe' };
  if (url.origin === location.origin) {
    return new Worker(url, options);
  }
  // Labextensions served from another origin (a CDN): a worker's script must be same-origin, what it imports need not.
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
  return new Worker(script, options);
}
