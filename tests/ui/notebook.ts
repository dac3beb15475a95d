import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';

/** An output as the notebook file holds it. */
export interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: { [mime: string]: unknown };
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

/** The parts of JupyterLab's objects the tests use; in the page they are the real ones. */
interface App {
  commands: { execute(id: string, args?: object): Promise<unknown> };
  shell: { currentWidget: Panel | null; activateById(id: string): void; widgets(area: string): Iterable<Panel> };
  serviceManager: { sessions: { shutdown(id: string): Promise<void>; running(): Iterable<{ id: string }> } };
}

interface Panel {
  id: string;
  context: { path: string; ready: Promise<void>; save(): Promise<void> };
  sessionContext: {
    ready: Promise<void>;
    session: { id: string; changeKernel(o: object): Promise<unknown>; kernel: Connection } | null;
  };
  content: {
    activeCellIndex: number;
    model: {
      cells: { length: number; get(i: number): { toJSON(): { outputs?: Output[]; execution_count?: number } } };
    };
  };
}

interface Connection {
  id: string;
  name: string;
  status: string;
  info: Promise<unknown>;
  interrupt(): Promise<void>;
  restart(): Promise<void>;
}

/** A notebook open in JupyterLab, driven through the application's own commands. */
export class Notebook {
  private constructor(
    readonly page: Page,
    readonly path: string,
    private _id: string
  ) {}

  /** Opens a notebook that lies under the server's root and waits for its kernel. */
  static async open(page: Page, path: string): Promise<Notebook> {
    const id = await page.evaluate(async path => {
      const app = (window as unknown as { jupyterapp: App }).jupyterapp;
      const panel = (await app.commands.execute('docmanager:open', { path })) as Panel;
      await panel.context.ready;
      await panel.sessionContext.ready;
      await panel.sessionContext.session?.kernel.info;
      return panel.id;
    }, path);
    return new Notebook(page, path, id);
  }

  /** Runs one cell and waits until the kernel has finished it. */
  async run(index: number, timeout = 60000): Promise<Output[]> {
    const { done } = await this.start(index);
    await bounded(done, timeout, `cell ${index} of ${this.path} did not finish`);
    return this.outputs(index);
  }

  /** Starts a cell; `done` settles when it has finished, however it ends. */
  async start(index: number): Promise<{ done: Promise<void> }> {
    const run = await this._evaluate(async (app, panel, index) => {
      app.shell.activateById(panel.id);
      while (app.shell.currentWidget !== panel) {
        await new Promise(resolve => requestAnimationFrame(resolve)); // focus moves later
      }
      panel.content.activeCellIndex = index;
      const runs = ((window as unknown as { runs?: Promise<unknown>[] }).runs ??= []);
      return runs.push(app.commands.execute('notebook:run-cell').catch(() => undefined)) - 1;
    }, index);
    const done = this.page.evaluate(async run => {
      await (window as unknown as { runs: Promise<unknown>[] }).runs[run];
    }, run);
    done.catch(() => undefined); // the page may be closed before
    return { done };
  }

  /** The outputs of a cell as they are now. */
  async outputs(index: number): Promise<Output[]> {
    return this._evaluate((_, panel, index) => panel.content.model.cells.get(index).toJSON().outputs ?? [], index);
  }

  /** The text of a cell's outputs: streams, plain text of results, errors. */
  async text(index: number): Promise<string> {
    return plain(await this.outputs(index));
  }

  /** The number in a cell's `[n]`, or null. */
  async executionCount(index: number): Promise<number | null> {
    return this._evaluate((_, panel, i) => panel.content.model.cells.get(i).toJSON().execution_count ?? null, index);
  }

  /** Name and status of the kernel. */
  async kernel(): Promise<{ id: string; name: string; status: string }> {
    return this._evaluate((_, panel) => {
      const { id, name, status } = panel.sessionContext.session!.kernel;
      return { id, name, status };
    }, null);
  }

  async interrupt(): Promise<void> {
    await this._evaluate((_, panel) => panel.sessionContext.session!.kernel.interrupt(), null);
  }

  async restart(): Promise<void> {
    await this._evaluate((_, panel) => panel.sessionContext.session!.kernel.restart(), null);
  }

  async changeKernel(name: string): Promise<void> {
    await this._evaluate(async (_, panel, name) => {
      await panel.sessionContext.session!.changeKernel({ name });
      await panel.sessionContext.session!.kernel.info;
    }, name);
  }

  async save(): Promise<void> {
    await this._evaluate((_, panel) => panel.context.save(), null);
  }

  /** Ends the notebook's session and kernel. */
  async shutdown(): Promise<void> {
    await this._evaluate((app, panel) => app.serviceManager.sessions.shutdown(panel.sessionContext.session!.id), null);
  }

  async screenshot(path: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
  }

  private async _evaluate<A, R>(body: (app: App, panel: Panel, argument: A) => R, argument: A): Promise<Awaited<R>> {
    // The function is sent as text, so it can use nothing but its parameters.
    return this.page.evaluate(
      async ([id, text, argument]) => {
        const app = (window as unknown as { jupyterapp: App }).jupyterapp;
        const panel = [...app.shell.widgets('main')].find(widget => widget.id === id);
        const run = new Function(`return (${text})`)() as (app: App, panel: Panel, argument: unknown) => unknown;
        return run(app, panel!, argument);
      },
      [this._id, body.toString(), argument] as const
    ) as Promise<Awaited<R>>;
  }
}

/** The text of outputs as a person reads it. */
export function plain(outputs: readonly Output[]): string {
  return outputs
    .map(output => {
      const text =
        output.text ?? output.data?.['text/plain'] ?? (output.ename ? `${output.ename}: ${output.evalue}` : '');
      return Array.isArray(text) ? text.join('') : String(text);
    })
    .join('\n');
}

/** Rejects when something takes too long, as a hanging kernel never lets a promise settle. */
export async function bounded<T>(promise: Promise<T>, timeout: number, claim: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${claim} within ${timeout / 1000} s`)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
