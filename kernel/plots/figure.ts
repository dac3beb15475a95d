import type { FigureJson, Scale } from '../protocol/view';
import type { Dense } from './input';
import { axisLabel, escapeHtml, rounded } from './strings';

/** Even in lightness, white to dark blue (ColorBrewer Blues). */
export const SEQUENTIAL = scale([
  '#ffffff',
  '#deebf7',
  '#c6dbef',
  '#9ecae1',
  '#6baed6',
  '#3182bd',
  '#08519c',
  '#08306b'
]);
/** Blue, white, red, which colour-blind readers can tell apart (ColorBrewer RdBu). */
export const DIVERGING = scale(['#2166ac', '#67a9cf', '#d1e5f0', '#f7f7f7', '#fddbc7', '#ef8a62', '#b2182b']);

function scale(colours: string[]): [number, string][] {
  return colours.map((c, i) => [i / (colours.length - 1), c]);
}

/** Layout every figure starts from. Colours are left to the renderer's template, so that themes apply. */
export function layout(title: string, more: { [key: string]: unknown } = {}): { [key: string]: unknown } {
  return {
    title: { text: escapeHtml(title), font: { size: 14 }, x: 0, xref: 'paper', xanchor: 'left' },
    margin: { l: 70, r: 20, t: 40, b: 60 },
    ...more
  };
}

/** Axis with one label per entry. Labels may repeat, so the ticks are placed by number. */
export function labelAxis(labels: readonly string[], title: string, more: object = {}): { [key: string]: unknown } {
  // A label on each line is unreadable past this many.
  const step = Math.max(1, Math.ceil(labels.length / 48));
  const ticks = labels.map((_, i) => i).filter(i => i % step === 0);
  return {
    title: { text: escapeHtml(title) },
    tickvals: ticks,
    ticktext: ticks.map(i => axisLabel(labels[i]!)),
    showgrid: false,
    zeroline: false,
    constrain: 'domain',
    ...more
  };
}

/** Rows of rounded numbers; values that are not finite become null, which Plotly leaves blank. */
export function rowsOf(values: Dense): (number | null)[][] {
  const [rows, columns] = values.shape as [number, number];
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => rounded(values.data[i * columns + j]!))
  );
}

/** Largest magnitude among the finite values, or 1. */
export function magnitude(data: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < data.length; i++) {
    const v = Math.abs(data[i]!);
    if (v > top && v !== Infinity) {
      top = v;
    }
  }
  return top || 1;
}

export interface HeatmapOptions {
  title: string;
  rows: readonly string[];
  columns: readonly string[];
  rowTitle: string;
  columnTitle: string;
  scale: Scale;
  unit?: string | undefined;
  text?: readonly (readonly string[])[] | undefined;
  upward?: boolean | undefined;
  square?: boolean;
}

/** A heatmap of [rows, columns] with labelled axes. */
export function heatmap(values: Dense, options: HeatmapOptions): FigureJson {
  const { scale } = options;
  const top = magnitude(values.data);
  const range =
    scale === 'unit' ? { zmin: 0, zmax: 1 } : scale === 'diverging' ? { zmin: -top, zmax: top, zmid: 0 } : {};
  const size = Math.max(values.shape[0]!, 1);
  return {
    data: [
      {
        type: 'heatmap',
        z: rowsOf(values),
        ...range,
        colorscale: scale === 'diverging' ? DIVERGING : SEQUENTIAL,
        xgap: values.shape[1]! <= 32 ? 1 : 0,
        ygap: values.shape[0]! <= 32 ? 1 : 0,
        colorbar: { title: { text: escapeHtml(options.unit ?? '') }, thickness: 12, outlinewidth: 0 },
        ...(options.text && values.data.length <= 1024
          ? { text: options.text.map(r => r.map(t => axisLabel(t, 8))), texttemplate: '%{text}' }
          : {}),
        hovertemplate: `${escapeHtml(options.rowTitle)} %{y}<br>${escapeHtml(options.columnTitle)} %{x}<br>%{z}<extra></extra>`
      }
    ],
    layout: layout(options.title, {
      xaxis: labelAxis(options.columns, options.columnTitle, { tickangle: -45 }),
      yaxis: labelAxis(options.rows, options.rowTitle, {
        ...(options.upward ? {} : { autorange: 'reversed' }),
        ...(options.square ? { scaleanchor: 'x' } : {})
      }),
      height: Math.min(760, 170 + Math.max(200, 18 * size)),
      margin: { l: 90, r: 20, t: 40, b: 90 }
    })
  };
}
