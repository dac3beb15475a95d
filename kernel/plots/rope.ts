import type { FigureJson } from '../protocol/view';
import { layout } from './figure';
import { figureView } from './plot';
import type { View } from './view';

/**
 * Shows how rotary embedding turns pairs of numbers: the cosine of the angle over positions, for fast and slow pairs.
 *
 * @param config A configuration with rotary positions.
 * @param options `positions`: how many are drawn, default 64; `pairs`: which.
 */
export function rope_view(
  config: { readonly [key: string]: any },
  options: { positions?: number; pairs?: readonly number[]; title?: string } = {}
): View {
  const theta = Number(config['rope_theta'] ?? config['rope_parameters']?.rope_theta);
  const heads = Number(config['num_attention_heads']);
  const dim = Number(config['head_dim'] ?? Number(config['hidden_size']) / heads);
  if (!Number.isFinite(theta) || !Number.isFinite(dim)) {
    throw new TypeError(
      'Cannot show rotary angles as the configuration must have rope_theta, and head_dim or hidden_size and num_attention_heads'
    );
  }
  const count = options.positions ?? 64;
  const half = dim / 2;
  const pairs = options.pairs ?? [0, 2, 4, 8, 16, half - 1].filter((p, i, a) => p < half && a.indexOf(p) === i);
  const positions = Array.from({ length: count }, (_, i) => i);
  const angle = (pair: number, position: number): number => position / theta ** ((2 * pair) / dim);
  const title = options.title ?? `Rotation, θ = ${theta.toLocaleString('en')}`;
  const figure = (): FigureJson => ({
    data: pairs.map(pair => ({
      type: 'scatter',
      mode: 'lines',
      name: `pair ${pair}`,
      x: positions,
      y: positions.map(p => Number(Math.cos(angle(pair, p)).toFixed(5)))
    })),
    layout: layout(title, {
      height: 340,
      xaxis: { title: { text: 'position' } },
      yaxis: { title: { text: 'cos of the angle' }, range: [-1.05, 1.05] }
    })
  });
  const rows = positions.map(p => [p, ...pairs.map(pair => Number(angle(pair, p).toFixed(5)))]);
  return figureView(title, figure, { columns: ['position', ...pairs.map(p => `angle of pair ${p}`)], rows });
}
