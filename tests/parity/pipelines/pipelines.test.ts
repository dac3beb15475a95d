import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { pipeline } from '../../../kernel/modeling/pipeline';
import type { Pipeline } from '../../../kernel/modeling/pipeline-base';

interface Run {
  readonly task: string;
  readonly checkpoint: string;
  readonly init: Readonly<Record<string, unknown>>;
  readonly input: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
  readonly error?: string;
}

const root = join(__dirname, 'fixtures');
const runs = JSON.parse(readFileSync(join(root, 'runs.json'), 'utf8')) as Run[];
// Scores are softmaxed float32 logits written with 7 digits; features reach 4. Worst seen 1.2e-6 relative.
const close = 1e-5;

/** Paths of images where the task reads images. */
function input({ task, input: given }: Run): unknown {
  const path = (name: unknown): unknown => join(root, name as string);
  return !task.includes('image') ? given : Array.isArray(given) ? given.map(path) : path(given);
}

/** Equal but for rounding: shapes, keys in order and texts are the same, numbers close. */
function compare(actual: unknown, expected: unknown, path = 'output'): void {
  if (typeof expected === 'number') {
    expect({ path, near: Math.abs((actual as number) - expected) <= close * Math.max(1, Math.abs(expected)) }).toEqual({
      path,
      near: true
    });
  } else if (Array.isArray(expected)) {
    expect({ path, length: (actual as unknown[]).length }).toEqual({ path, length: expected.length });
    expected.forEach((value, i) => compare((actual as unknown[])[i], value, `${path}[${i}]`));
  } else if (typeof expected === 'object' && expected !== null) {
    expect({ path, keys: Object.keys(actual as object).sort() }).toEqual({ path, keys: Object.keys(expected).sort() });
    Object.entries(expected).forEach(([key, value]) =>
      compare((actual as Record<string, unknown>)[key], value, `${path}.${key}`)
    );
  } else {
    expect({ path, value: actual }).toEqual({ path, value: expected });
  }
}

async function answer(run: Run): Promise<unknown> {
  const made = (await pipeline(run.task, join(root, run.checkpoint), {
    device: 'cpu',
    local_files_only: true,
    ...run.init
  })) as Pipeline & ((input: unknown, options: unknown) => Promise<unknown>);
  try {
    return await made(input(run), run.options);
  } finally {
    await made.dispose();
  }
}

beforeAll(() => setHost(createNodeHost()));
beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => jest.restoreAllMocks());

describe('pipeline(), compared with Python', () => {
  it('is compared for every task there is', () => {
    expect([...new Set(runs.map(run => run.task))].sort()).toEqual([
      'feature-extraction',
      'fill-mask',
      'image-classification',
      'sentiment-analysis',
      'text-classification',
      'text-generation',
      'zero-shot-image-classification'
    ]);
  });

  it.each(
    runs
      .filter(run => run.error === undefined)
      .map(run => {
        const given = JSON.stringify([run.input, { ...run.init }, run.options]);
        return [run.task, run.checkpoint, given.length > 150 ? `${given.slice(0, 150)}…` : given, run] as const;
      })
  )('pipeline(%j) with %s answers as Python: %s', async (_task, _checkpoint, _given, run) => {
    compare(await answer(run), run.output);
  });

  // A KeyError names the key alone; we say what there is.
  it.each(runs.filter(run => run.error !== undefined).map(run => [run.task, run.error!, run] as const))(
    'pipeline(%j) refuses what Python refuses: %s',
    async (_task, error, run) => {
      const message = error.startsWith('KeyError') ? 'is not a valid ClassificationFunction' : error.split(': ')[1]!;
      await expect(answer(run)).rejects.toThrow(message.slice(0, 100));
    }
  );
});
