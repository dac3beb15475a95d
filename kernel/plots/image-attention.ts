import type { FigureJson } from '../protocol/view';
import { layout, SEQUENTIAL } from './figure';
import { dense, pick, row } from './input';
import type { Values } from './input';
import { base64 } from './pack';
import { encodePng } from './png';
import { figureView } from './plot';
import { rounded } from './strings';
import type { View } from './view';

/** A picture by its pixels. */
export interface PictureLike {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels?: number;
}

export interface ImageAttentionOptions {
  layer?: number;
  head?: number | 'mean';
  /** Which query: 0 is the class token. Default 0. */
  query?: number;
  /** Patch rows and columns; square by default. */
  grid?: readonly [number, number];
  /** Keys before the first patch (class token). Default: what is left over. */
  first_patch?: number;
  batch?: number;
  title?: string;
  note?: string;
}

/**
 * Lays a head's attention to image patches over the picture.
 *
 * @param attentions Per layer [batch, head, query, key], or a map [query, patches].
 * @param image The picture the patches were cut from (RawImage, ImageData).
 * @throws {TypeError} If the patches do not fill a grid.
 */
export function image_attention_view(
  attentions: readonly Values[] | Values,
  image: PictureLike,
  options: ImageAttentionOptions = {}
): View {
  const { query = 0, head = 'mean', batch = 0 } = options;
  const layers =
    Array.isArray(attentions) && typeof attentions[0] === 'object' && 'dims' in (attentions[0] as object)
      ? (attentions as readonly Values[])
      : [attentions as Values];
  const layer = pick(options.layer ?? -1, layers.length, 'layer');
  let map = dense(layers[layer]!, 'attention');
  if (map.shape.length === 4) {
    map = row(map, pick(batch, map.shape[0]!, 'batch'));
    map = head === 'mean' ? meanOfHeads(map) : row(map, pick(head, map.shape[0]!, 'head'));
  }
  const line = map.shape.length === 2 ? row(map, pick(query, map.shape[0]!, 'query')) : map;
  const keys = line.data.length;
  const side = Math.floor(Math.sqrt(keys));
  const [rows, columns] = options.grid ?? [side, side];
  const first = options.first_patch ?? keys - rows * columns;
  if (first < 0 || first + rows * columns > keys) {
    throw new TypeError(
      `Cannot lay attention over the picture as ${keys} keys must hold ${rows} × ${columns} patches: give grid and first_patch`
    );
  }
  const patches = line.data.subarray(first, first + rows * columns);
  const { width, height } = image;
  const title =
    options.title ?? `Attention to the picture, layer ${layer}, ${head === 'mean' ? 'mean of heads' : `head ${head}`}`;
  const z = Array.from({ length: rows }, (_, r) =>
    Array.from(patches.subarray(r * columns, (r + 1) * columns), v => rounded(v, 6))
  );
  const figure = (): FigureJson => ({
    data: [
      {
        type: 'heatmap',
        z,
        x0: width / columns / 2,
        dx: width / columns,
        y0: height / rows / 2,
        dy: height / rows,
        opacity: 0.55,
        colorscale: SEQUENTIAL,
        zmin: 0,
        hovertemplate: 'attention %{z:.4f}<extra></extra>'
      }
    ],
    layout: layout(title, {
      images: [
        {
          source: pngUrl(image),
          xref: 'x',
          yref: 'y',
          x: 0,
          y: 0,
          sizex: width,
          sizey: height,
          xanchor: 'left',
          yanchor: 'top',
          sizing: 'stretch',
          layer: 'below'
        }
      ],
      xaxis: { range: [0, width], visible: false },
      yaxis: { range: [height, 0], visible: false, scaleanchor: 'x' },
      height: 420,
      margin: { l: 10, r: 10, t: 40, b: 10 }
    })
  });
  const table = {
    columns: ['row', 'column', 'attention'],
    rows: z.flatMap((values, r) => values.map((v, c) => [r, c, v]))
  };
  return figureView(title, figure, table, options.note);
}

function meanOfHeads(map: { readonly shape: readonly number[]; readonly data: Float32Array }): {
  shape: number[];
  data: Float32Array;
} {
  const [heads, queries, keys] = map.shape as [number, number, number];
  const data = new Float32Array(queries * keys);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < data.length; i++) {
      data[i]! += map.data[h * data.length + i]! / heads;
    }
  }
  return { shape: [queries, keys], data };
}

/** The picture as a PNG data URL, whatever its channels. */
function pngUrl({ data, width, height, channels = data.length / (width * height) }: PictureLike): string {
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      pixels[4 * i + c] = data[i * channels + (channels >= 3 ? c : 0)]!;
    }
    pixels[4 * i + 3] = channels === 4 ? data[4 * i + 3]! : channels === 2 ? data[2 * i + 1]! : 255;
  }
  return `data:image/png;base64,${base64(encodePng(pixels, width, height))}`;
}
