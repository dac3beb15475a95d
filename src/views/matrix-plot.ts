import { svg } from './dom';
import { clip, short, tokenSpans, visible } from './text';
import { inkOn, INFINITE_COLOUR, level, lookup, NAN_COLOUR, paint } from './theme';
import type { Range, Theme } from './theme';

/** A cell by row and column. */
export interface Cell {
  row: number;
  column: number;
}

export interface MatrixPlotOptions {
  rows: readonly string[];
  columns: readonly string[];
  rowTitle: string;
  columnTitle: string;
  rowTokens?: boolean;
  columnTokens?: boolean;
  /** Row 0 at the bottom. */
  upward?: boolean;
  /** Cells as high as wide. */
  square?: boolean;
  /** Widest cell, in pixels. */
  largest?: number;
  /** Highest cell where not square, in pixels. */
  tallest?: number;
  /** The cell under the pointer or the keyboard's; undefined when left. */
  onCell(cell: Cell | undefined): void;
  /** A click or Enter. */
  onOpen?(cell: Cell): void;
  /** What the keyboard user hears first. */
  label: string;
}

export interface MatrixState {
  values: Float32Array;
  range: Range;
  /** Text in the cells. */
  text?: readonly (readonly string[])[] | undefined;
  masked?: ((row: number, column: number) => boolean) | undefined;
  unit?: string | undefined;
}

const FONT = 11;
const CHARACTER = 6.4;
const LEGEND = 40;

/**
 * A matrix as one SVG: cells as a picture of one pixel each, labels and cross-hair as vectors, so that a thousand
 * positions a side draw at once and the export stays sharp. Arrow keys move a cursor.
 */
export class MatrixPlot {
  readonly element: SVGSVGElement;
  private readonly _options: MatrixPlotOptions;
  private _state: MatrixState | undefined;
  private _theme: Theme | undefined;
  private _cursor: Cell | undefined;
  private _geometry = { left: 0, top: 0, width: 1, height: 1 };
  private readonly _image = svg('image', { preserveAspectRatio: 'none', class: 'loupe-cells' });
  private readonly _frame = svg('g');
  private readonly _cross = svg('g', { class: 'loupe-cross', 'aria-hidden': 'true' });
  private _rowLabels: SVGTextElement[] = [];
  private _columnLabels: SVGTextElement[] = [];

  constructor(options: MatrixPlotOptions) {
    this._options = options;
    this.element = svg('svg', {
      class: 'loupe-matrix',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'matrix',
      'aria-label': `${options.label}. ${options.rows.length} rows, ${options.columns.length} columns. Arrow keys move`
    });
    this.element.append(this._frame, this._image, this._cross);
    this.element.addEventListener('pointermove', e => this._point(e));
    this.element.addEventListener('pointerleave', () => this._left());
    this.element.addEventListener('click', e => {
      const cell = this._at(e);
      if (cell) {
        this._cursor = cell;
        options.onOpen?.(cell);
      }
    });
    this.element.addEventListener('keydown', e => this._key(e));
    this.element.addEventListener(
      'focus',
      () => this.element.matches(':focus-visible') && this.show(this._cursor ?? { row: 0, column: 0 })
    );
    this.element.addEventListener('blur', () => this._left());
  }

  /** Puts other values in; keeps the size. */
  set(state: MatrixState): void {
    this._state = state;
  }

  /** Draws into the width given. */
  draw(width: number, theme: Theme): void {
    const state = this._state;
    if (!state) {
      return;
    }
    this._theme = theme;
    const { rows, columns } = this._options;
    const layout = this._layout(width);
    const { left, top, cell, high, angled } = layout;
    const plot = { left, top, width: cell * columns.length, height: high * rows.length };
    this._geometry = plot;
    // Slanted labels reach past the last column.
    const full = Math.max(left + plot.width + (angled ? 50 : 8), left + 190);
    const height = top + plot.height + LEGEND;
    this.element.setAttribute('width', String(full));
    this.element.setAttribute('height', String(height));
    this.element.setAttribute('viewBox', `0 0 ${full} ${height}`);
    this._paintCells(state, theme);
    for (const [name, value] of Object.entries({ x: left, y: top, width: plot.width, height: plot.height })) {
      this._image.setAttribute(name, String(value));
    }
    this._frame.replaceChildren(
      svg('rect', { x: left, y: top, width: plot.width, height: plot.height, class: 'loupe-masked' })
    );
    this._drawLabels(layout);
    this._drawText(state, theme, layout);
    this._legend(state, theme, left, top + plot.height + 12);
    this._cross.replaceChildren();
  }

  /** Marks a cell, its row and its column, and tells the owner. */
  show(cell: Cell | undefined, tell = true): void {
    this._highlight(cell);
    if (tell) {
      this._options.onCell(cell);
    }
  }

  /** Marks a whole row or column, e.g. of a token pointed at elsewhere. */
  highlight(cell: Partial<Cell> | undefined): void {
    this._highlight(cell);
  }

  private _layout(width: number): Layout {
    const { rows, columns, square, largest = 34, tallest = 22, rowTokens, columnTokens } = this._options;
    const longest = (labels: readonly string[], tokens?: boolean): number =>
      Math.min(18, Math.max(1, ...labels.map(l => [...(tokens ? visible(l) : l)].length)));
    const left = Math.ceil(longest(rows, rowTokens) * CHARACTER) + 30;
    const room = Math.max(120, width - left - 60);
    const text = this._state?.text;
    // Text in cells needs room for a word; the plot then scrolls sideways rather than becoming unreadable.
    const least = text ? 46 : 0;
    const cell = Math.max(least, Math.min(text ? 84 : largest, room / columns.length));
    const high = square ? cell : Math.min(tallest, Math.max(3, text ? 19 : 460 / rows.length));
    const wide = longest(columns, columnTokens) * CHARACTER;
    const angled = wide > cell - 2;
    const top = (angled ? Math.ceil(wide * 0.72) + 14 : 20) + 18;
    return { left, top, cell, high, angled };
  }

  private _paintCells(state: MatrixState, theme: Theme): void {
    const { rows, columns, upward } = this._options;
    const w = columns.length;
    const canvas = document.createElement('canvas');
    canvas.width = w;
    canvas.height = rows.length;
    const context = canvas.getContext('2d');
    if (!context) {
      return;
    }
    const pixels = context.createImageData(w, rows.length);
    const { masked } = state;
    if (upward) {
      // One row at a time, from the last.
      for (let i = 0; i < rows.length; i++) {
        const y = rows.length - 1 - i;
        paint(
          pixels.data.subarray(4 * y * w, 4 * (y + 1) * w),
          state.values.subarray(i * w, (i + 1) * w),
          state.range,
          theme,
          masked && (j => masked(i, j))
        );
      }
    } else {
      paint(pixels.data, state.values, state.range, theme, masked && (i => masked(Math.floor(i / w), i % w)));
    }
    context.putImageData(pixels, 0, 0);
    this._image.setAttribute('href', canvas.toDataURL());
  }

  private _drawLabels({ left, top, cell, high, angled }: Layout): void {
    const { rows, columns, rowTitle, columnTitle, rowTokens, columnTokens } = this._options;
    const everyRow = Math.ceil((FONT + 2) / high);
    const everyColumn = angled ? Math.ceil((FONT + 3) / cell) : 1;
    const content = (label: string, tokens?: boolean): (Node | string)[] =>
      tokens ? tokenSpans(label) : [clip(label, 18)];
    this._rowLabels = rows.map((label, i) =>
      svg(
        'text',
        {
          x: left - 6,
          y: top + (this._line(i) + 0.5) * high + FONT * 0.36,
          class: `loupe-label${i % everyRow ? ' loupe-skipped' : ''}`,
          'text-anchor': 'end'
        },
        ...content(label, rowTokens)
      )
    );
    this._columnLabels = columns.map((label, j) => {
      const x = left + (j + 0.5) * cell;
      return svg(
        'text',
        {
          x: angled ? x + 2 : x,
          y: top - 6,
          class: `loupe-label${j % everyColumn ? ' loupe-skipped' : ''}`,
          ...(angled
            ? { transform: `rotate(-45 ${x + 2} ${top - 6})`, 'text-anchor': 'start' }
            : { 'text-anchor': 'middle' })
        },
        ...content(label, columnTokens)
      );
    });
    const middle = top + (high * rows.length) / 2;
    this._frame.append(
      ...this._rowLabels,
      ...this._columnLabels,
      svg('text', { x: left, y: 12, class: 'loupe-axis' }, `${columnTitle} →`),
      svg(
        'text',
        { x: 11, y: middle, class: 'loupe-axis', 'text-anchor': 'middle', transform: `rotate(-90 11 ${middle})` },
        rowTitle
      )
    );
  }

  private _drawText(state: MatrixState, theme: Theme, { left, top, cell, high }: Layout): void {
    const old = this.element.querySelector('.loupe-celltext');
    old?.remove();
    if (!state.text) {
      return;
    }
    const { columns } = this._options;
    const fits = Math.floor((cell - 5) / CHARACTER);
    const group = svg('g', { class: 'loupe-celltext', 'aria-hidden': 'true' });
    state.text.forEach((line, i) =>
      line.forEach((text, j) => {
        if (text) {
          group.append(
            svg(
              'text',
              {
                x: left + (j + 0.5) * cell,
                y: top + (this._line(i) + 0.5) * high + FONT * 0.34,
                fill: inkOn(state.values[i * columns.length + j]!, state.range, theme),
                'text-anchor': 'middle'
              },
              ...tokenSpans(text, fits)
            )
          );
        }
      })
    );
    this._image.after(group);
  }

  private _legend(state: MatrixState, theme: Theme, x: number, y: number): void {
    const { range } = state;
    const width = 110;
    const table = lookup(range.scale, theme);
    const bars = Array.from({ length: 22 }, (_, i) => {
      const at = 3 * Math.round((i * 255) / 21);
      return svg('rect', {
        x: x + (i * width) / 22,
        y,
        width: width / 22 + 0.5,
        height: 9,
        fill: `rgb(${table[at]}, ${table[at + 1]}, ${table[at + 2]})`
      });
    });
    const text = (at: number, content: string, anchor = 'start'): SVGTextElement =>
      svg('text', { x: at, y: y + 20, class: 'loupe-axis', 'text-anchor': anchor }, content);
    const unit = state.unit ? svg('text', { x: x + width + 8, y: y + 9, class: 'loupe-axis' }, state.unit) : undefined;
    this._frame.append(...bars, text(x, short(range.min)), text(x + width, short(range.max), 'end'));
    if (unit) {
      this._frame.append(unit);
    }
    if (range.scale === 'diverging') {
      this._frame.append(text(x + width / 2, '0', 'middle'));
    }
    this._oddities(state, x + width + 8, y + 20);
  }

  /** Says how many cells are not finite, beside their colour. */
  private _oddities(state: MatrixState, x: number, y: number): void {
    let nan = 0;
    let infinite = 0;
    for (const v of state.values) {
      const at = level(v, state.range);
      nan += at === -1 ? 1 : 0;
      infinite += at === -2 ? 1 : 0;
    }
    for (const [count, name, fill] of [
      [nan, 'NaN', NAN_COLOUR],
      [infinite, '±∞', INFINITE_COLOUR]
    ] as const) {
      if (count) {
        this._frame.append(
          svg('rect', { x, y: y - 8, width: 9, height: 9, fill }),
          svg('text', { x: x + 13, y, class: 'loupe-axis' }, `${name}: ${count}`)
        );
        x += 70;
      }
    }
  }

  /** Where a row is drawn, counted from the top. */
  private _line(row: number): number {
    return this._options.upward ? this._options.rows.length - 1 - row : row;
  }

  private _highlight(cell: Partial<Cell> | undefined): void {
    this._rowLabels.forEach((l, i) => l.classList.toggle('loupe-hot', i === cell?.row));
    this._columnLabels.forEach((l, j) => l.classList.toggle('loupe-hot', j === cell?.column));
    this._cross.replaceChildren();
    if (!cell || !this._theme) {
      return;
    }
    const { left, top, width, height } = this._geometry;
    const w = width / this._options.columns.length;
    const h = height / this._options.rows.length;
    const y = cell.row === undefined ? 0 : top + this._line(cell.row) * h;
    const x = cell.column === undefined ? 0 : left + cell.column * w;
    if (cell.row !== undefined) {
      this._cross.append(svg('rect', { x: left, y, width, height: h, class: 'loupe-band' }));
    }
    if (cell.column !== undefined) {
      this._cross.append(svg('rect', { x, y: top, width: w, height, class: 'loupe-band' }));
    }
    if (cell.row !== undefined && cell.column !== undefined) {
      this._cross.append(svg('rect', { x: x - 1, y: y - 1, width: w + 2, height: h + 2, class: 'loupe-cursor' }));
    }
  }

  private _at(event: MouseEvent): Cell | undefined {
    const box = this.element.getBoundingClientRect();
    // The element may be scaled to the page.
    const scale = Number(this.element.getAttribute('width')) / (box.width || 1);
    const { left, top, width, height } = this._geometry;
    const { rows, columns } = this._options;
    const column = Math.floor((((event.clientX - box.left) * scale - left) / width) * columns.length);
    const line = Math.floor((((event.clientY - box.top) * scale - top) / height) * rows.length);
    if (column < 0 || column >= columns.length || line < 0 || line >= rows.length) {
      return undefined;
    }
    return { row: this._line(line), column };
  }

  private _point(event: PointerEvent): void {
    this.show(this._at(event));
  }

  private _left(): void {
    this.show(undefined);
  }

  private _key(event: KeyboardEvent): void {
    const { rows, columns, upward, onOpen } = this._options;
    const down = upward ? -1 : 1;
    const cell = this._cursor ?? { row: 0, column: 0 };
    const moves: { [key: string]: Cell } = {
      ArrowRight: { row: cell.row, column: cell.column + 1 },
      ArrowLeft: { row: cell.row, column: cell.column - 1 },
      ArrowDown: { row: cell.row + down, column: cell.column },
      ArrowUp: { row: cell.row - down, column: cell.column },
      Home: { row: cell.row, column: 0 },
      End: { row: cell.row, column: columns.length - 1 },
      PageUp: { row: upward ? rows.length - 1 : 0, column: cell.column },
      PageDown: { row: upward ? 0 : rows.length - 1, column: cell.column }
    };
    const next = moves[event.key];
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      this._cursor = {
        row: Math.max(0, Math.min(rows.length - 1, next.row)),
        column: Math.max(0, Math.min(columns.length - 1, next.column))
      };
      this.show(this._cursor);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onOpen?.(cell);
    } else if (event.key === 'Escape') {
      this._left();
    }
  }
}

interface Layout {
  left: number;
  top: number;
  cell: number;
  high: number;
  angled: boolean;
}
