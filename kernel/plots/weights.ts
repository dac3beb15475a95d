import type { FigureJson } from '../protocol/view';
import { layout } from './figure';
import { figureView } from './plot';
import { grouped } from './strings';
import type { View } from './view';

/** A parameter, as `model.named_parameters()` lists them. */
export interface ParameterLike {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype?: string;
}

const PARTS: readonly { label: string; test: RegExp }[] = [
  { label: 'embedding', test: /embed|wte|wpe|shared/ },
  { label: 'attention', test: /attn|attention/i },
  { label: 'MLP', test: /mlp|fc\d|intermediate|ffn|dense_/i },
  { label: 'norms', test: /norm|ln_/i },
  { label: 'head', test: /lm_head|embed_out|classifier|score|pooler|projection/ }
];

/**
 * Shows where a model's parameters are: by layer and part, stacked.
 *
 * @param model A model, or what `named_parameters()` returns.
 */
export function weights_view(
  model: { named_parameters(): readonly ParameterLike[] } | readonly ParameterLike[],
  options: { title?: string; note?: string } = {}
): View {
  const list = Array.isArray(model)
    ? (model as readonly ParameterLike[])
    : (model as { named_parameters(): readonly ParameterLike[] }).named_parameters();
  const counts = new Map<string, Map<string, number>>();
  const places: string[] = [];
  for (const { name, dims } of list) {
    const layer = /\.(\d+)\./.exec(name)?.[1];
    const place = layer === undefined ? 'outside' : `layer ${layer}`;
    const part = PARTS.find(p => p.test.test(name))?.label ?? 'other';
    if (!places.includes(place)) {
      places.push(place);
    }
    const row = counts.get(part) ?? new Map<string, number>();
    counts.set(part, row);
    row.set(place, (row.get(place) ?? 0) + dims.reduce((a, b) => a * b, 1));
  }
  const total = [...counts.values()].flatMap(r => [...r.values()]).reduce((a, b) => a + b, 0);
  const title = options.title ?? `${grouped(total)} parameters`;
  const figure = (): FigureJson => ({
    data: [...counts].map(([part, row]) => ({
      type: 'bar',
      name: part,
      x: places,
      y: places.map(p => row.get(p) ?? 0)
    })),
    layout: layout(title, {
      barmode: 'stack',
      height: 380,
      yaxis: { title: { text: 'parameters' } },
      xaxis: { tickangle: -60, automargin: true, tickfont: { size: 9 } }
    })
  });
  const rows = places.map(p => [p, ...[...counts.values()].map(r => r.get(p) ?? 0)]);
  return figureView(title, figure, { columns: ['place', ...counts.keys()], rows }, options.note);
}
