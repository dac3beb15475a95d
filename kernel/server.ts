/**
 * Entry of the server kernel: `node server.mjs <connection file>`.
 *
 * The same file is the entry of the thread of the sockets, so that a bundle has one script to find.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { loadLibrary, typescriptCompiler } from './compose';
import { setHost, type DeviceName, type Host } from './host/host';
import { createNodeHost } from './host/node';
import { IntelligenceClient } from './intelligence/client';
import { StorageTracker, type CellContext } from './runtime/context';
import type { DocTable } from './runtime/inspector';
import { KernelSession } from './runtime/session';
import { readConnectionFile } from './server/connection';
import { nodeResolver } from './server/import-resolver';
import { JupyterKernel } from './server/jupyter-kernel';
import { modelNames } from './server/model-names';
import { captureProcessOutput } from './server/process-output';
import type { Sockets } from './server/sockets';

/** Replaced by the build with the package's version. */
declare const LOUPE_VERSION: string;

async function runKernel(connectionFile: string | undefined): Promise<void> {
  if (!connectionFile) {
    throw new Error(
      'Cannot start the kernel as it needs a connection file: run it through Jupyter (kernel loupe-node)'
    );
  }
  const connection = readConnectionFile(connectionFile);
  // Ten, the default, may not reach from inside the library to the cell.
  Error.stackTraceLimit = 100;
  const interruptBuffer = new SharedArrayBuffer(4);
  const cwd = process.cwd();
  setHost(withFallback(createNodeHost({ cwd, threads: threads() })));

  const intelligence = new IntelligenceClient(() => {
    const thread = new Worker(new URL('./intelligence-thread.mjs', import.meta.url));
    // It must not keep a kernel that ends.
    thread.unref();
    return {
      post: message => thread.postMessage(message),
      listen: receive => void thread.on('message', receive),
      onFailure: call => void thread.on('error', call)
    };
  });
  const session: KernelSession = new KernelSession({
    send: message => kernel.receive(message),
    library: () => loadLibrary(session, intelligence),
    resolveModule: nodeResolver(cwd, new URL('./typescript-hooks.mjs', import.meta.url)),
    tracker: new StorageTracker(new AsyncLocalStorage<CellContext>()),
    fullCompiler: typescriptCompiler,
    intelligence,
    globals: { require: createRequire(join(cwd, 'notebook.ts')) },
    docs: async () => JSON.parse(await readFile(new URL('./docs.json', import.meta.url), 'utf8')) as DocTable,
    completeString: async callee => (callee.endsWith('from_pretrained') ? modelNames(process.env, cwd) : [])
  });
  const link: { sockets?: Sockets } = {};
  const end = (code: number): void => {
    void (link.sockets?.close() ?? Promise.resolve()).then(() => process.exit(code));
  };
  const kernel = new JupyterKernel({
    send: message => link.sockets?.send(message),
    toSession: message => session.handle(message),
    shutdown: () => end(0),
    version: LOUPE_VERSION,
    session: randomUUID()
  });
  const settings = { typeChecking: process.env['LOUPE_TYPE_CHECKING'] ?? 'off' };
  session.handle({ type: 'start', options: { interruptBuffer, settings } });
  const { openSockets } = await import('./server/sockets');
  link.sockets = await openSockets(new URL(import.meta.url), connection, interruptBuffer, message =>
    kernel.handle(message)
  );
  kernel.start();

  captureProcessOutput(session);
  Object.assign(console, session.builtins.hostValues['console']);
  process.on('unhandledRejection', error => session.reportUnhandled(error));
  // A fault in a callback of a cell must not take the variables of the others with it.
  process.on('uncaughtException', error => session.reportUnhandled(error));
  process.on('SIGINT', () => session.interrupt());
  process.on('SIGTERM', () => end(0));
  followParent(end);
}

/** The engines' threads: all cores unless the environment says otherwise. */
function threads(): number | undefined {
  const count = Number(process.env['LOUPE_THREADS'] ?? process.env['OMP_NUM_THREADS']);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

/** Where onnxruntime-node is not installed, models run on WASM. Said once. */
function withFallback(host: Host): Host {
  let devices: Promise<DeviceName[]> | undefined;
  return {
    ...host,
    devices: () =>
      (devices ??= host.devices().catch((error: Error): DeviceName[] => {
        console.warn(`${error.message}. Until then models run on WASM, which is slower.`);
        return ['wasm'];
      }))
  };
}

/** A kernel whose client was killed must not live on. Jupyter sets JPY_PARENT_PID, on Windows to something else. */
function followParent(end: (code: number) => void): void {
  const parent = Number(process.env['JPY_PARENT_PID']);
  if (parent > 1 && process.platform !== 'win32') {
    setInterval(() => {
      try {
        process.kill(parent, 0);
      } catch (error) {
        if ((error as { code?: string }).code === 'ESRCH') {
          end(0);
        }
      }
    }, 5000).unref();
  }
}

if (isMainThread) {
  runKernel(process.argv.slice(2).find(argument => !argument.startsWith('-'))).catch((error: unknown) => {
    process.stderr.write(`loupe-node: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
} else {
  const { runSocketThread } = await import('./server/socket-thread');
  await runSocketThread();
}
