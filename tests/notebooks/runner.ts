/**
 * Runs a notebook of notebooks/ in a real JupyterLab, cell by cell, as a reader would.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, ROOT } from '../ui/lab';
import { Notebook, type Output } from '../ui/notebook';

export const NOTEBOOKS = join(ROOT, 'notebooks');

export interface NotebookFile {
  cells: { cell_type: string; source: string[]; outputs?: Output[]; execution_count?: number | null; metadata: object }[];
  [key: string]: unknown;
}

export function readNotebook(name: string): NotebookFile {
  return JSON.parse(readFileSync(join(NOTEBOOKS, name), 'utf8')) as NotebookFile;
}

/** What one run gave: outputs per cell, milliseconds per cell. */
export interface Run {
  outputs: Output[][];
  ms: number[];
}

/**
 * Runs all code cells of a notebook that lies in the server's root.
 *
 * @param file What the notebook holds.
 * @param timeout Milliseconds one cell may take.
 * @throws {Error} If a cell ends in an error it is not tagged for, with its traceback.
 */
export async function runNotebook(
  lab: Lab,
  name: string,
  { cells }: NotebookFile,
  timeout = 300_000
): Promise<Run & { notebook: Notebook }> {
  const notebook = await Notebook.open(await lab.newPage(), name);
  const run: Run = { outputs: [], ms: [] };
  for (const [index, cell] of cells.entries()) {
    const start = Date.now();
    const outputs = cell.cell_type === 'code' ? await notebook.run(index, timeout) : [];
    run.ms.push(Date.now() - start);
    run.outputs.push(outputs);
    const error = outputs.find(o => o.output_type === 'error');
    const expected = (cell.metadata as { tags?: string[] }).tags?.includes('raises-exception');
    if (error && !expected) {
      throw new Error(`${name}, cell ${index}: ${error.ename}: ${error.evalue}\n${(error.traceback ?? []).join('\n')}`);
    }
  }
  return { ...run, notebook };
}

/** The same notebook with a code cell at its end. */
export function withCell(file: NotebookFile, source: string): NotebookFile {
  const cell = { cell_type: 'code', id: 'check', metadata: {}, source: [source], outputs: [], execution_count: null };
  return { ...file, cells: [...file.cells, cell] };
}

/** Writes outputs into the notebook file, so that it reads without being run. */
export function saveOutputs(name: string, outputs: Output[][]): void {
  const file = readNotebook(name);
  let count = 0;
  file.cells.forEach((cell, i) => {
    if (cell.cell_type === 'code') {
      cell.execution_count = ++count;
      cell.outputs = outputs[i]!;
    }
  });
  writeFileSync(join(NOTEBOOKS, name), `${JSON.stringify(file, null, 1)}\n`);
}
