/** Every family against Python on WASM, the engine of browsers without WebGPU. */
import { fixtures } from './fixture';
import { familySuite, useNodeHost } from './suite';

useNodeHost();

// The loop around the engine is the same everywhere: the other options of generate are tested on onnxruntime-node.
const generate = ['greedy', 'greedy_padded', 'beam', 'steps', 'sample_combined'];

for (const fixture of fixtures()) {
  familySuite(fixture, { device: 'wasm', generate });
}
