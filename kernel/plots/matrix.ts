import type { MatrixData, Scale, Sheet } from '../protocol/view';
import { heatmap } from './figure';
import type { Dense } from './input';
import { packF32, packU16 } from './pack';
import { rounded } from './strings';
import { View } from './view';

/** One picture of a matrix view, before packing. */
export interface SheetInput {
  readonly label: string;
  readonly values: Dense;
  readonly scale: Scale;
  readonly text?: string[][];
  readonly details?: string[][];
  readonly unit?: string;
}

export interface MatrixOptions extends Omit<MatrixData, 'sheets' | 'sheet'> {
  readonly title: string;
  readonly note?: string | undefined;
}

/** Values kept exactly; larger matrices in 65,536 steps. */
const EXACT = 20_000;

/** A view of one or more matrices of the same rows and columns. */
export function matrixView(sheets: readonly SheetInput[], { title, note, ...labels }: MatrixOptions): View {
  const first = sheets[0]!;
  const isFinite = (v: Dense): boolean => v.data.every(Number.isFinite);
  const packed: Sheet[] = sheets.map(({ values, ...rest }) => ({
    ...rest,
    values: values.data.length <= EXACT || !isFinite(values) ? packF32(values) : packU16(values)
  }));
  const { row_labels, column_labels, row_title, column_title } = labels;
  const columns = column_labels.length;
  return new View({
    document: {
      version: 1,
      kind: 'matrix',
      title,
      ...(note ? { note } : {}),
      data: { ...labels, sheets: packed, sheet: 0 }
    },
    figure: () =>
      heatmap(first.values, {
        title,
        rows: row_labels,
        columns: column_labels,
        rowTitle: row_title,
        columnTitle: column_title,
        scale: first.scale,
        unit: first.unit,
        text: first.text,
        upward: labels.upward
      }),
    table: {
      columns: [row_title, ...column_labels],
      rows: row_labels.map((label, r) => [
        label,
        ...column_labels.map((_, c) => first.text?.[r]?.[c] ?? rounded(first.values.data[r * columns + c]!))
      ])
    }
  });
}

/** 'H0', 'H1' … */
export function headNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `H${i}`);
}

/** 'L0', 'L1' … */
export function layerNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `L${i}`);
}
