import type * as ort from 'onnxruntime-common';
import type { BuiltGraph } from '../graph/builder';
import type { Engine, ProgressEvent } from '../host/host';
import type { WeightReader } from './weights';
import { externalTensors } from './weights';

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
  const report = (phase: ProgressEvent['phase'], name: string) => progress?.({ phase, name, loaded, total });
  for (const weight of graph.weights) {
    signal?.throwIfAborted();
    await reader.prepare(weight.name, signal);
  }
  const weights = externalTensors(graph, reader).map(tensor => ({
    ...tensor,
    bytes: () => {
      const bytes = tensor.bytes();
      loaded += bytes.byteLength;
      report('convert', tensor.path);
      return bytes;
    }
  }));
  report('session', 'session');
  return engine.createSession(graph.proto, weights, {
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 3,
    ...options
  });
}
