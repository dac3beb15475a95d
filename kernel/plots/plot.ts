import type { FigureJson, Table } from '../protocol/view';
import { rounded } from './strings';
import { View } from './view';

/** A view of one Plotly figure. */
export function figureView(title: string, figure: () => FigureJson, table: Table, note?: string): View {
  let made: FigureJson | undefined;
  const get = (): FigureJson => (made ??= figure());
  return new View({
    document: {
      version: 1,
      kind: 'figure',
      title,
      ...(note ? { note } : {}),
      data: { frames: [{ label: title, figure: get(), table }], frame: 0, frame_title: '' }
    },
    figure: get,
    table
  });
}

/**
 * Shows any Plotly figure.
 *
 * @param data Traces, as for Plotly: `[{ type: 'bar', x: […], y: […] }]`. Typed arrays are welcome.
 * @param layout Layout, as for Plotly.
 * @throws {TypeError} If data is not a list of traces.
 * @see https://plotly.com/javascript/reference/
 * @example
 * plot([{ type: 'scatter', x: [1, 2, 3], y: [2, 1, 3] }], { title: { text: 'A line' } });
 */
export function plot(
  data: readonly { readonly [key: string]: unknown }[],
  layout: { readonly [key: string]: unknown } = {}
): View {
  if (!Array.isArray(data) || data.some(trace => typeof trace !== 'object' || trace === null)) {
    throw new TypeError(
      `Cannot plot as data must be a list of traces, e.g. [{ type: 'bar', x, y }]: current value is ${typeof data}`
    );
  }
  const given = layout['title'];
  const title = typeof given === 'string' ? given : String((given as { text?: unknown } | undefined)?.text ?? '');
  // The view has a title of its own.
  const figure: FigureJson = {
    data: data.map(plain) as FigureJson['data'],
    layout: { height: 380, margin: { l: 60, r: 20, t: 20, b: 60 }, ...layout, title: { text: '' } }
  };
  return figureView(title, () => figure, tableOf(figure.data));
}

/** JSON of a trace: typed arrays become lists, what is not finite null. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>, v => finite(Number(v)));
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value === 'object' && value !== null) {
    const tensor = value as { tolist?: () => unknown };
    return typeof tensor.tolist === 'function'
      ? tensor.tolist()
      : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return typeof value === 'number' ? finite(value) : typeof value === 'bigint' ? Number(value) : value;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** x and y of the traces, side by side. */
function tableOf(data: FigureJson['data']): Table {
  const rows = data.flatMap((trace, i) => {
    const y = trace['y'];
    const x = trace['x'];
    const name = String(trace['name'] ?? `trace ${i}`);
    return Array.isArray(y)
      ? y.map((v, n) => [name, String(Array.isArray(x) ? x[n] : n), typeof v === 'number' ? rounded(v, 5) : String(v)])
      : [];
  });
  return { columns: ['trace', 'x', 'y'], rows };
}
