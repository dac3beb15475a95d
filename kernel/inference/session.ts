import type * as ort from 'onnxruntime-common';
import { throughCache } from '../checkpoint/converted';
import type { BuiltGraph } from '../graph/builder';
import type { Engine, FileCache, ProgressEvent } from '../host/host';
import { getHost } from '../host/host';
import type { WeightReader } from './weights';
import { externalTensors } from './weights';

/** Bytes from which converted weights are worth keeping between runs. */
const WORTH_KEEPING = 64 * 2 ** 20;

/** Stored bytes up to which a browser reads all weights before the engine asks for them. */
const READ_AHEAD = 2 ** 30;

/**
 * Opens a session on a built graph, its weights brought tensor by tensor.
 *
 * Graph optimisation stays at 'basic': the graph is built as it should run, and values with names must survive.
 */
export async function openSession(
  engine: Engine,
  graph: BuiltGraph,
  reader: WeightReader,
  {
    progress,
    signal
  }: { progress?: ((event: ProgressEvent) => void) | undefined; signal?: AbortSignal | undefined } = {},
  options: ort.InferenceSession.SessionOptions = {}
): Promise<ort.InferenceSession> {
  const total = graph.weights.reduce((n, w) => n + w.parts.reduce((m, p) => m + p.initializer.byteLength!, 0), 0);
  let loaded = 0;
  const report = (phase: ProgressEvent['phase'], name: string, ms?: number) =>
    progress?.({ phase, name, loaded, total, ...(ms === undefined ? {} : { ms }) });
  let converting = 0;
  const kept = await throughCache(
    externalTensors(graph, reader),
    cacheKey(graph, reader),
    cacheFor(graph, reader, total)
  );
  const weights = kept.tensors.map(tensor => ({
    ...tensor,
    bytes: () => {
      const start = performance.now();
      const bytes = tensor.bytes();
      const ms = performance.now() - start;
      converting += ms;
      loaded += bytes.byteLength;
      report(kept.fromCache ? 'read' : 'convert', tensor.path, ms);
      return bytes;
    }
  }));
  const flaws = (): number => reader.info.missing_keys.length + reader.info.mismatched_keys.length;
  const before = flaws();
  let isOpen = false;
  try {
    const names = graph.weights.map(w => w.name);
    if (kept.fromCache) {
      names.forEach(name => reader.claim(name));
    } else if (readsAhead(reader, names)) {
      const stored = reader.storedBytes(names);
      await reader.readAhead(names, signal, (name, done) =>
        progress?.({ phase: 'read', name, loaded: done, total: stored })
      );
    }
    report('session', 'session');
    const start = performance.now();
    const session = await engine.createSession(graph.proto, weights, {
      graphOptimizationLevel: 'basic',
      logSeverityLevel: 3,
      ...options
    });
    isOpen = true;
    report('session', 'session', performance.now() - start - converting);
    return session;
  } finally {
    reader.releaseScratch();
    // Weights made afresh are not the checkpoint's: the next load must report them again.
    await kept.done(isOpen && flaws() === before);
  }
}

/**
 * Whether stored weights are read before the engine asks for them. It asks in an order of its own and synchronously,
 * which in a browser is one slow request per weight. Stored bytes are let go as converted ones grow, so reading ahead
 * adds little to the peak; very large checkpoints are still read one by one.
 */
function readsAhead(reader: WeightReader, names: readonly string[]): boolean {
  return !reader.checkpoint.readSync || (getHost().name === 'browser' && reader.storedBytes(names) <= READ_AHEAD);
}

/** Where converted weights are kept; nowhere for float32, which is made faster than it is read. */
function cacheFor(graph: BuiltGraph, reader: WeightReader, total: number): FileCache | undefined {
  const isConverted = graph.weights.some(w => w.form !== 'float32');
  return isConverted && total >= WORTH_KEEPING && reader.identity !== undefined ? getHost().cache : undefined;
}

/** What decides the bytes: the files, their rounding, and where and in which form this graph wants each weight. */
function cacheKey(graph: BuiltGraph, reader: WeightReader): string {
  // Where a weight comes from counts as well: a family described anew in a cell reads the same names otherwise.
  const weights = graph.weights.map(w => `${w.name} ${w.form} ${JSON.stringify(reader.source(w.name) ?? null)}`);
  return `${reader.identity}|${graph.weights.length}|${digest(weights.join('\n'))}`;
}

/** 64 bits that tell texts apart (two FNV-like sums); not for secrets. */
function digest(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 16777619);
    b = Math.imul(b ^ c ^ (a >>> 15), 0x85ebca6b);
  }
  return [a, b].map(v => (v >>> 0).toString(16).padStart(8, '0')).join('');
}
