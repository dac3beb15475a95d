/** The worker of parity.test.ts: loads one fixture with the browser's host and says what differs from Python. */
import { concreteClasses, setHost, setNotices, type PreTrainedModel } from '../../kernel';
import { createBrowserHost } from '../../kernel/host/browser';
import type { DeviceName } from '../../kernel/host/host';
import { forwardFaults, generateFaults } from '../parity/compare';
import { parseTensors, type Fixture } from '../parity/description';

declare const self: { onmessage: (event: MessageEvent) => void; postMessage(message: unknown): void };

/** What the page asks for. */
export interface ParityRequest {
  readonly base: string;
  /** `<model_type>/<variant>`. */
  readonly name: string;
  readonly device: DeviceName;
  readonly runs: readonly string[];
  readonly generate: readonly string[];
}

/** What differs, per run. */
export interface ParityAnswer {
  readonly device: string;
  readonly faults: { readonly [run: string]: readonly string[] };
}

async function compare({ base, name, device, runs, generate }: ParityRequest): Promise<ParityAnswer> {
  setHost(createBrowserHost({ modelsUrl: `${base}/models/`, assetsUrl: `${base}/`, notebookPath: '', settings: {} }));
  setNotices(() => undefined);
  const get = (file: string): Promise<Response> => fetch(`${base}/models/${name}/${file}`);
  const tensors = parseTensors(new Uint8Array(await (await get('expected.safetensors')).arrayBuffer()));
  const fixture: Fixture = {
    ...((await (await get('expected.json')).json()) as Omit<Fixture, 'folder' | 'tensor'>),
    folder: name,
    tensor: key => tensors.get(key)!
  };
  const Class = concreteClasses()[fixture.class] as typeof PreTrainedModel;
  const model = await Class.from_pretrained(name, { device, dtype: 'float32' });
  const faults: { [run: string]: readonly string[] } = {};
  for (const run of fixture.runs.filter(one => runs.includes(one.name))) {
    faults[run.name] = await forwardFaults(model, fixture, run);
  }
  for (const run of fixture.generate.filter(one => generate.includes(one.name))) {
    faults[run.name] = await generateFaults(model, fixture, run);
  }
  return { device: model.device, faults };
}

self.onmessage = ({ data }: MessageEvent<ParityRequest>) => {
  compare(data).then(
    value => self.postMessage({ value }),
    (error: Error) => self.postMessage({ error: `${error.name}: ${error.message}\n${error.stack}` })
  );
};
