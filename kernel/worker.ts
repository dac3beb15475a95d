/** Entry of the browser's kernel: a dedicated worker that speaks kernel/protocol. */
import { loadLibrary, statusReporter, typescriptCompiler } from './compose';
import { setHost } from './host/host';
import { IntelligenceClient } from './intelligence/client';
import type { FromKernel, StartOptions, ToKernel } from './protocol/messages';
import type { DocTable } from './runtime/inspector';
import { KernelSession } from './runtime/session';

declare const self: DedicatedWorkerGlobalScope;

// Ten, the default, may not reach from inside the library to the cell.
(Error as { stackTraceLimit?: number }).stackTraceLimit = 100;

let start: StartOptions = {};

const send = (message: FromKernel): void => {
  // Buffers of comms are copied: the cell may go on using them.
  self.postMessage(message);
  if (message.type === 'reply' && isLibraryLoaded) {
    void reportStatus().catch(() => undefined);
  }
};
let isLibraryLoaded = false;
const reportStatus = statusReporter(send);

/** TypeScript's language service, in a worker of the worker. */
const intelligence = new IntelligenceClient(() => {
  const worker = new Worker(new URL('intelligence.js', start.assetsUrl ?? self.location.href), { type: 'module' });
  return {
    post: message => worker.postMessage(message),
    listen: receive => {
      worker.onmessage = ({ data }) => receive(data);
    },
    onFailure: call => {
      worker.onerror = event => {
        event.preventDefault();
        call();
      };
    }
  };
});

const session: KernelSession = new KernelSession({
  send,
  library: async () => {
    const exports = await loadLibrary(session, intelligence);
    isLibraryLoaded = true;
    return exports;
  },
  resolveModule: importUrl,
  fullCompiler: typescriptCompiler,
  intelligence,
  completeString: completeModelName,
  docs: async () => {
    const response = await fetch(new URL('docs.json', start.assetsUrl ?? self.location.href));
    return (await response.json()) as DocTable;
  },
  start: async options => {
    start = options;
    await holdLock(options.lifeLock);
    const { createBrowserHost } = await import('./host/browser');
    const host = createBrowserHost(options);
    const device = options.settings?.['device'];
    setHost(
      device === 'webgpu' || device === 'wasm'
        ? { ...host, devices: async () => [device, ...(await host.devices()).filter(d => d !== device)] }
        : host
    );
  }
});

self.onmessage = ({ data }: MessageEvent<ToKernel>) => session.handle(data);
self.addEventListener('unhandledrejection', event => {
  event.preventDefault();
  session.reportUnhandled(event.reason);
});
self.addEventListener('error', event => {
  event.preventDefault();
  session.reportUnhandled(event.error ?? event.message);
});
// What libraries print belongs to the cell as well.
Object.assign(console, session.builtins.hostValues['console']);

/** Held until the worker ends, however it does: the page notices by the lock. Resolves when it is held. */
function holdLock(name: string | undefined): Promise<void> {
  return new Promise(resolve => {
    if (!name || !navigator.locks) {
      return resolve();
    }
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(name, hold).catch(() => resolve());
  });
}

/** Modules of the network, where the user has allowed them. Bare names are taken from jsDelivr's npm mirror. */
async function importUrl(specifier: string): Promise<Record<string, unknown>> {
  const isUrl = /^(https?|blob|data):/.test(specifier);
  if (start.settings?.['urlImports'] !== true) {
    throw new Error(
      `Cannot import '${specifier}' as modules of the network are switched off: allow them in ` +
        'Settings → Loupe → Imports from URLs, and restart the kernel'
    );
  }
  if (/^[./]/.test(specifier)) {
    throw new Error(
      `Cannot import '${specifier}' as a kernel in the browser has no folder: use a whole URL, or the server kernel`
    );
  }
  const url = isUrl ? specifier : `https://cdn.jsdelivr.net/npm/${specifier.replace(/^npm:/, '')}/+esm`;
  // Hidden from the bundler, which would look for the module at build time.
  return (await new Function('url', 'return import(url)')(url)) as Record<string, unknown>;
}

let models: { at: number; names: Promise<string[]> } | undefined;

/** Models of the server's folders, for `from_pretrained('…`. */
async function completeModelName(callee: string): Promise<string[]> {
  // A static site (JupyterLite) lists nothing, and must not be asked.
  if (!callee.endsWith('from_pretrained') || !start.modelsUrl?.endsWith('/loupe/models/')) {
    return [];
  }
  if (!models || Date.now() - models.at > 10_000) {
    models = { at: Date.now(), names: listModels(start.modelsUrl).catch(() => []) };
  }
  return models.names;
}

async function listModels(modelsUrl: string): Promise<string[]> {
  const response = await fetch(new URL('../api/models', modelsUrl), { headers: start.headers });
  if (!response.ok) {
    return [];
  }
  const { models } = (await response.json()) as { models: { name: string }[] };
  return models.map(m => m.name);
}
