import type { AttentionData } from '../../kernel/protocol/view';
import { roving } from './controls';
import { html } from './dom';
import { categorical, lookup } from './theme';
import type { Theme } from './theme';

export interface AttentionGridOptions {
  pattern(layer: number, head: number): Float32Array;
  onOpen(layer: number, head: number): void;
  onFocus(layer: number, head: number): void;
}

const GAP = 3;
const LABEL = 26;
const TOP = 18;

/**
 * Every layer × head as a thumbnail. The pictures share one canvas (hundreds of canvases or subplots take seconds);
 * transparent buttons over it take clicks and focus.
 */
export class AttentionGrid {
  readonly element: HTMLElement;
  private readonly _canvas = html('canvas', { class: 'loupe-thumbs', 'aria-hidden': 'true' });
  private readonly _buttons: HTMLButtonElement[] = [];
  private readonly _overlay = html('div', { class: 'loupe-thumbgrid', role: 'group', 'aria-label': 'Heads by layer' });
  private _drawn = '';

  constructor(
    private readonly _data: AttentionData,
    private readonly _options: AttentionGridOptions
  ) {
    const { layers, heads } = _data;
    layers.forEach((layer, l) =>
      heads.forEach((head, h) => {
        const button = html('button', {
          type: 'button',
          class: 'loupe-thumb',
          title: `Layer ${layer}, head ${head}`,
          'aria-label': `Layer ${layer}, head ${head}`,
          click: () => _options.onOpen(l, h),
          focus: () => button.matches(':focus-visible') && _options.onFocus(l, h)
        });
        this._buttons.push(button);
      })
    );
    roving(this._buttons, heads.length);
    this._overlay.append(...this._buttons);
    this.element = html('div', { class: 'loupe-grid' }, this._canvas, this._overlay);
  }

  /** Forces the next drawing, after the patterns changed. */
  invalidate(): void {
    this._drawn = '';
  }

  /** Draws into at most `width` pixels; returns the width used. */
  draw(theme: Theme, width: number): number {
    const { layers, heads } = this._data;
    // Two fifths for the thumbnails where there is room for a matrix beside them, all of a narrow page.
    const room = (width >= 760 ? Math.max(330, width * 0.42) : width) - LABEL;
    const side = Math.max(14, Math.min(56, Math.floor(room / heads.length) - GAP));
    const w = LABEL + heads.length * (side + GAP);
    const h = TOP + layers.length * (side + GAP);
    const state = `${side} ${theme.dark} ${theme.background}`;
    if (state !== this._drawn) {
      this._drawn = state;
      this._paint(theme, side, w, h);
      this._overlay.style.gridTemplateColumns = `repeat(${heads.length}, ${side + GAP}px)`;
      this._overlay.style.gridAutoRows = `${side + GAP}px`;
      this._overlay.style.left = `${LABEL}px`;
      this._overlay.style.top = `${TOP}px`;
    }
    return w;
  }

  /** Frames the head shown in full. */
  select(layer: number, head: number): void {
    const at = layer * this._data.heads.length + head;
    this._buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === at)));
  }

  private _paint(theme: Theme, side: number, w: number, h: number): void {
    const { layers, heads, kv_heads } = this._data;
    const ratio = Math.min(2, Math.max(1, globalThis.devicePixelRatio || 1));
    const canvas = this._canvas;
    canvas.width = Math.ceil(w * ratio);
    canvas.height = Math.ceil(h * ratio);
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
    const context = canvas.getContext('2d');
    if (!context) {
      return;
    }
    const pixels = Math.round(side * ratio);
    const step = (side + GAP) * ratio;
    const picture = context.createImageData(pixels, pixels);
    for (let l = 0; l < layers.length; l++) {
      for (let n = 0; n < heads.length; n++) {
        this._thumbnail(picture, l, n, theme);
        context.putImageData(picture, Math.round(LABEL * ratio + n * step), Math.round(TOP * ratio + l * step));
      }
    }
    context.scale(ratio, ratio);
    context.fillStyle = theme.muted;
    context.font = `10px ${theme.font}`;
    context.textAlign = 'center';
    const every = Math.ceil(16 / (side + GAP));
    heads.forEach((head, n) => n % every || context.fillText(String(head), LABEL + n * (side + GAP) + side / 2, 10));
    context.textAlign = 'right';
    const everyLayer = Math.ceil(12 / (side + GAP));
    layers.forEach(
      (layer, l) => l % everyLayer || context.fillText(String(layer), LABEL - 6, TOP + l * (side + GAP) + side / 2 + 4)
    );
    if (kv_heads) {
      // Bands over the heads that share one key/value head.
      const group = heads.length / kv_heads;
      for (let g = 0; g < kv_heads; g++) {
        context.fillStyle = categorical(g, theme);
        context.fillRect(LABEL + g * group * (side + GAP), 13, group * (side + GAP) - GAP, 3);
      }
    }
  }

  /** One pattern at the thumbnail's size: the largest of the cells under each pixel, so that thin stripes survive. */
  private _thumbnail(picture: ImageData, layer: number, head: number, theme: Theme): void {
    const { query_tokens, key_tokens, causal } = this._data;
    const rows = query_tokens.length;
    const columns = key_tokens.length;
    const past = columns - rows;
    const pattern = this._options.pattern(layer, head);
    const table = lookup('unit', theme);
    const side = picture.width;
    const out = picture.data;
    for (let y = 0; y < side; y++) {
      const i0 = Math.floor((y * rows) / side);
      const i1 = Math.max(i0 + 1, Math.floor(((y + 1) * rows) / side));
      for (let x = 0; x < side; x++) {
        const j0 = Math.floor((x * columns) / side);
        const j1 = Math.max(j0 + 1, Math.floor(((x + 1) * columns) / side));
        let best = 0;
        let odd = false;
        for (let i = i0; i < i1; i++) {
          for (let j = j0; j < j1; j++) {
            const v = pattern[i * columns + j]!;
            odd ||= !Number.isFinite(v);
            best = v > best ? v : best;
          }
        }
        const at = 4 * (y * side + x);
        if (odd) {
          out.set([216, 27, 216, 255], at);
        } else if (causal && j0 > i1 - 1 + past) {
          out.set(theme.dark ? [58, 58, 58, 90] : [128, 128, 128, 26], at);
        } else {
          // Square root: at this size faint stripes are all there is to recognise a head by.
          const c = 3 * Math.min(255, Math.round(255 * Math.sqrt(best)));
          out[at] = table[c]!;
          out[at + 1] = table[c + 1]!;
          out[at + 2] = table[c + 2]!;
          out[at + 3] = 255;
        }
      }
    }
  }
}
