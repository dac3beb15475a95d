import type { AttentionData, Table } from '../../kernel/protocol/view';
import { AttentionGrid } from './attention-grid';
import { AttentionLines } from './attention-lines';
import type { Component, Context } from './component';
import { segments, stepper, toggle } from './controls';
import { html } from './dom';
import { MatrixPlot } from './matrix-plot';
import { short, visible } from './text';
import { TokenStrip } from './token-strip';
import { Matrices } from './unpack';

const MODES = ['grid', 'matrix', 'lines'] as const;
const UNIT = { scale: 'unit', min: 0, max: 1 } as const;

/** Attention of a model: thumbnails of all heads, one head's matrix, or one layer's heads as lines. */
export function attention(data: AttentionData, context: Context): Component {
  return new AttentionComponent(data, context);
}

/**
 * Lets each row sum to 1 without its first key, which takes most of the attention of many heads. A row that has nothing
 * else becomes zero.
 */
export function withoutFirst(pattern: Float32Array, rows: number, columns: number): Float32Array {
  const out = pattern.slice();
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 1; j < columns; j++) {
      sum += out[i * columns + j]!;
    }
    out[i * columns] = 0;
    if (sum > 0) {
      for (let j = 1; j < columns; j++) {
        out[i * columns + j]! /= sum;
      }
    }
  }
  return out;
}

class AttentionComponent implements Component {
  readonly element: HTMLElement;
  private readonly _matrices: Matrices;
  private readonly _plot: MatrixPlot;
  private readonly _strip: TokenStrip;
  private readonly _grid: AttentionGrid;
  private readonly _lines: AttentionLines;
  private readonly _layerControl;
  private readonly _headControl;
  private readonly _modeControl;
  private readonly _detail: HTMLElement;
  private readonly _stripHelp = html('p', { class: 'loupe-help' });
  private readonly _oneSequence: boolean;
  private _mode: AttentionData['mode'];
  private _layer: number;
  private _head: number;
  private _hideFirst: boolean;
  private _pattern: Float32Array = new Float32Array(0);
  /** The token the strip's colours start from, kept by a click. */
  private _locked: number | undefined;

  constructor(
    private readonly _data: AttentionData,
    private readonly _context: Context
  ) {
    this._matrices = new Matrices(_data.patterns);
    this._mode = _data.mode;
    this._layer = _data.layer;
    this._head = _data.head;
    this._hideFirst = _data.hide_first;
    const { query_tokens, key_tokens } = _data;
    this._oneSequence = query_tokens.length === key_tokens.length && query_tokens.every((t, i) => t === key_tokens[i]);
    this._layerControl = stepper('Layer', _data.layers.map(String), this._layer, i => this._select(i, this._head));
    this._headControl = stepper(
      'Head',
      _data.heads.map(h => this._headName(h)),
      this._head,
      i => this._select(this._layer, i)
    );
    this._modeControl = segments('Picture', ['All heads', 'One head', 'Lines'], MODES.indexOf(this._mode), i => {
      this._mode = MODES[i]!;
      this.redraw();
    });
    const hide = toggle('Hide first token', this._hideFirst, on => {
      this._hideFirst = on;
      this._grid.invalidate();
      this.redraw();
    });
    hide.element.title = 'Leaves the first key out and lets each row sum to 1 again';
    this._plot = new MatrixPlot({
      rows: query_tokens,
      columns: key_tokens,
      rowTokens: true,
      columnTokens: true,
      rowTitle: 'query',
      columnTitle: 'key',
      square: true,
      label: 'Attention of one head',
      onCell: cell => this._onCell(cell?.row, cell?.column),
      onOpen: cell => this._lock(cell.row)
    });
    this._strip = new TokenStrip(key_tokens, {
      label: 'Tokens: choose one to see where it looks',
      onToken: i => this._onToken(i),
      onChoose: i => this._lock(this._queryOf(i))
    });
    this._grid = new AttentionGrid(_data, {
      pattern: (layer, head) => this._read(layer, head),
      onOpen: (layer, head) => this._select(layer, head),
      onFocus: (layer, head) => this._context.announce(this._describe(layer, head))
    });
    this._lines = new AttentionLines(_data, {
      pattern: (layer, head) => this._read(layer, head),
      announce: text => this._context.announce(text)
    });
    this._detail = html('div', { class: 'loupe-detail' }, this._plot.element);
    this.element = html(
      'div',
      { class: 'loupe-attention' },
      html(
        'div',
        { class: 'loupe-controls' },
        _data.layers.length > 1 || _data.heads.length > 1 ? this._modeControl.element : undefined,
        this._layerControl.element,
        this._headControl.element,
        hide.element
      ),
      html('div', { class: 'loupe-panes' }, this._grid.element, this._detail, this._lines.element),
      html('div', { class: 'loupe-stripbox' }, this._stripHelp, this._strip.element)
    );
  }

  redraw(): void {
    const theme = this._context.theme();
    const { key_tokens } = this._data;
    const width = this.element.clientWidth || 720;
    this._pattern = this._read(this._layer, this._head);
    this._grid.element.hidden = this._mode !== 'grid';
    this._lines.element.hidden = this._mode !== 'lines';
    this._detail.hidden = this._mode === 'lines';
    if (this._mode === 'lines') {
      this._lines.draw(this._layer, this._head, theme, width);
    } else {
      let left = width;
      if (this._mode === 'grid') {
        const used = this._grid.draw(theme, width);
        this._grid.select(this._layer, this._head);
        left = width - used - 20;
      }
      this._plot.set({ values: this._pattern, range: UNIT, masked: this._mask(), unit: 'attention' });
      this._plot.draw(left < 320 ? width : Math.min(left, 820), theme);
    }
    this._detail.dataset['heading'] = this._mode === 'grid' ? this._name(this._layer, this._head) : '';
    this._stripBox.hidden = key_tokens.length > 400 || !!this._data.pooled;
    this._colourStrip(this._locked);
  }

  table(): Table {
    const { query_tokens, key_tokens } = this._data;
    const k = key_tokens.length;
    return {
      columns: ['query \\ key', ...key_tokens.map(visible)],
      rows: query_tokens.map((token, i) => [visible(token), ...this._pattern.subarray(i * k, (i + 1) * k)])
    };
  }

  picture(): SVGSVGElement | undefined {
    return this._mode === 'matrix' ? this._plot.element : this._mode === 'lines' ? this._lines.picture : undefined;
  }

  private get _stripBox(): HTMLElement {
    return this._strip.element.parentElement!;
  }

  /** `3 (kv 1)`: the key/value head a query head reads from. */
  private _headName(head: number): string {
    const { kv_heads, heads } = this._data;
    return kv_heads ? `${head} (kv ${Math.floor((head * kv_heads) / heads.length)})` : String(head);
  }

  private _name(layer: number, head: number): string {
    return `Layer ${this._data.layers[layer]}, head ${this._data.heads[head]}`;
  }

  private _read(layer: number, head: number): Float32Array {
    const { rows, columns } = this._matrices;
    const pattern = this._matrices.get(layer * this._data.heads.length + head);
    return this._hideFirst ? withoutFirst(pattern, rows, columns) : pattern;
  }

  private _mask(): ((row: number, column: number) => boolean) | undefined {
    const { causal, pooled, query_tokens, key_tokens } = this._data;
    const past = key_tokens.length - query_tokens.length;
    const first = this._hideFirst;
    if (!causal || pooled) {
      return first ? (_, j) => j === 0 : undefined;
    }
    return (i, j) => j > i + past || (first && j === 0);
  }

  private _describe(layer: number, head: number): string {
    const { key_tokens, query_tokens } = this._data;
    const pattern = this._read(layer, head);
    const k = key_tokens.length;
    let first = 0;
    for (let i = 0; i < query_tokens.length; i++) {
      first += pattern[i * k]! / query_tokens.length;
    }
    return `${this._name(layer, head)}: ${short(100 * first)} % on the first token. Enter opens it`;
  }

  private _select(layer: number, head: number): void {
    this._layer = layer;
    this._head = head;
    this._layerControl.set(layer);
    this._headControl.set(head);
    this._context.announce(this._name(layer, head));
    this.redraw();
  }

  /** The query row of a token of the strip, whose tokens are keys. */
  private _queryOf(key: number): number | undefined {
    const { query_tokens, key_tokens } = this._data;
    const at = key - (key_tokens.length - query_tokens.length);
    return at >= 0 ? at : undefined;
  }

  private _lock(query: number | undefined): void {
    this._locked = query === this._locked ? undefined : query;
    this._colourStrip(this._locked);
  }

  private _onCell(row: number | undefined, column: number | undefined): void {
    const { query_tokens, key_tokens } = this._data;
    if (row === undefined || column === undefined) {
      this._colourStrip(this._locked);
      this._context.announce('');
      return;
    }
    const masked = this._mask()?.(row, column);
    const value = this._pattern[row * key_tokens.length + column]!;
    this._colourStrip(row, column);
    this._context.announce(
      `${visible(query_tokens[row]!)} (${row}) → ${visible(key_tokens[column]!)} (${column}): ${masked ? 'masked' : short(value)}`
    );
  }

  private _onToken(key: number | undefined): void {
    if (key === undefined) {
      this._plot.highlight(undefined);
      this._colourStrip(this._locked);
      return;
    }
    const query = this._oneSequence || this._data.causal ? this._queryOf(key) : undefined;
    this._plot.highlight(query === undefined ? { column: key } : { row: query, column: key });
    if (query !== undefined) {
      this._colourStrip(query, key);
      this._context.announce(this._reads(query));
    }
  }

  /** The three keys a query reads most, in words. */
  private _reads(query: number): string {
    const { key_tokens, query_tokens } = this._data;
    const k = key_tokens.length;
    const weights = this._pattern.subarray(query * k, (query + 1) * k);
    const best = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]!).slice(0, 3);
    const parts = best.filter(j => weights[j]! > 0).map(j => `${visible(key_tokens[j]!)} ${short(weights[j]!)}`);
    return `${visible(query_tokens[query]!)} (${query}) reads ${parts.join(', ') || 'nothing'}`;
  }

  private _colourStrip(query: number | undefined, hot?: number): void {
    const { key_tokens, query_tokens } = this._data;
    const k = key_tokens.length;
    const mask = this._mask();
    const at = query ?? query_tokens.length - 1;
    const past = k - query_tokens.length;
    this._strip.colour(this._pattern.subarray(at * k, (at + 1) * k), UNIT, this._context.theme(), j => !!mask?.(at, j));
    this._strip.mark(this._oneSequence || this._data.causal ? at + past : undefined, hot);
    this._stripHelp.replaceChildren(
      'Where ',
      html('b', {}, visible(query_tokens[at]!)),
      ` (position ${at + past}) looks. Point at a token or a cell for others; click to keep one.`
    );
  }
}
