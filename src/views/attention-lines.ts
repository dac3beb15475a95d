import type { AttentionData } from '../../kernel/protocol/view';
import { html, svg } from './dom';
import { short, tokenSpans, visible } from './text';
import { categorical } from './theme';
import type { Theme } from './theme';

export interface AttentionLinesOptions {
  pattern(layer: number, head: number): Float32Array;
  announce(text: string): void;
}

const ROW = 20;
/** More lines than this are a blot, and slow. */
const MOST = 4000;

/** One layer's heads as lines from each query to the keys it reads. */
export class AttentionLines {
  readonly element: HTMLElement;
  private readonly _chips: HTMLButtonElement[];
  private readonly _holder = html('div', { class: 'loupe-linesbox' });
  private readonly _on: boolean[];
  private _lines: { query: number; key: number; line: SVGElement }[] = [];
  private _drawing: SVGSVGElement | undefined;
  private _last: [number, number, Theme, number] | undefined;
  private _queries: SVGElement[] = [];
  private _keys: SVGElement[] = [];
  private _patterns: { head: number; values: Float32Array }[] = [];

  constructor(
    private readonly _data: AttentionData,
    private readonly _options: AttentionLinesOptions
  ) {
    // The head view begins with all heads; the others with the one they show.
    this._on = _data.heads.map((_, i) => _data.mode === 'lines' || i === _data.head);
    this._chips = _data.heads.map((head, i) =>
      html(
        'button',
        {
          type: 'button',
          class: 'loupe-chip',
          title: 'Double click: this head alone',
          click: () => this._switch(i),
          dblclick: () => this._only(i)
        },
        String(head)
      )
    );
    const all = html('button', { type: 'button', class: 'loupe-link', click: () => this._all(true) }, 'all');
    const none = html('button', { type: 'button', class: 'loupe-link', click: () => this._all(false) }, 'none');
    this.element = html(
      'div',
      { class: 'loupe-lines' },
      html(
        'div',
        { class: 'loupe-chips', role: 'group', 'aria-label': 'Heads shown' },
        'Heads ',
        ...this._chips,
        all,
        none
      ),
      this._holder
    );
  }

  get picture(): SVGSVGElement | undefined {
    return this._drawing;
  }

  draw(layer: number, head: number, theme: Theme, width: number): void {
    this._last = [layer, head, theme, width];
    const { query_tokens, key_tokens, heads } = this._data;
    this._chips.forEach((chip, i) => {
      chip.setAttribute('aria-pressed', String(this._on[i]));
      chip.style.setProperty('--loupe-chip', categorical(i, theme));
    });
    this._patterns = heads
      .map((_, i) => i)
      .filter(i => this._on[i])
      .map(i => ({ head: i, values: this._options.pattern(layer, i) }));
    const total = Math.max(query_tokens.length, key_tokens.length);
    const label = 130;
    const w = Math.min(Math.max(360, width - 20), 640);
    const drawing = svg('svg', {
      class: 'loupe-linesvg',
      width: w,
      height: total * ROW + 24,
      viewBox: `0 0 ${w} ${total * ROW + 24}`,
      role: 'group',
      'aria-label': 'Lines from queries on the left to keys on the right'
    });
    const edges = svg('g', { class: 'loupe-edges', 'aria-hidden': 'true' });
    this._lines = this._edges(w, label, theme);
    edges.append(...this._lines.map(l => l.line));
    drawing.append(
      svg('text', { x: label - 8, y: 12, class: 'loupe-axis', 'text-anchor': 'end' }, 'query'),
      svg('text', { x: w - label + 8, y: 12, class: 'loupe-axis' }, 'key'),
      edges
    );
    const token = (text: string, i: number, left: boolean): SVGElement =>
      svg(
        'text',
        {
          x: left ? label - 8 : w - label + 8,
          y: 24 + i * ROW + ROW * 0.68,
          class: 'loupe-label loupe-linetoken',
          'text-anchor': left ? 'end' : 'start',
          tabindex: i === 0 ? 0 : -1,
          role: 'button',
          'aria-label': `${left ? 'Query' : 'Key'} ${i}: ${visible(text)}`,
          pointerenter: () => this._focus(left, i),
          pointerleave: () => this._focus(left, undefined),
          focus: () => this._focus(left, i),
          blur: () => this._focus(left, undefined),
          keydown: (e: KeyboardEvent) => this._key(e, left, i)
        },
        ...tokenSpans(text)
      );
    this._queries = query_tokens.map((t, i) => token(t, i, true));
    this._keys = key_tokens.map((t, i) => token(t, i, false));
    drawing.append(...this._queries, ...this._keys);
    this._drawing = drawing;
    this._holder.replaceChildren(drawing);
  }

  private _edges(w: number, label: number, theme: Theme): { query: number; key: number; line: SVGElement }[] {
    const { query_tokens, key_tokens } = this._data;
    const k = key_tokens.length;
    const all: { query: number; key: number; weight: number; head: number }[] = [];
    for (const { head, values } of this._patterns) {
      for (let i = 0; i < query_tokens.length; i++) {
        for (let j = 0; j < k; j++) {
          const weight = values[i * k + j]!;
          if (weight >= 0.03) {
            all.push({ query: i, key: j, weight, head });
          }
        }
      }
    }
    all.sort((a, b) => b.weight - a.weight);
    all.length = Math.min(all.length, MOST);
    // With many heads each line must be fainter for the picture to stay readable.
    const strength = this._patterns.length > 3 ? 0.75 : 0.95;
    return all.reverse().map(({ query, key, weight, head }) => {
      const y1 = 24 + (query + 0.5) * ROW;
      const y2 = 24 + (key + 0.5) * ROW;
      const x1 = label;
      const x2 = w - label;
      const bend = (x2 - x1) * 0.4;
      const line = svg('path', {
        d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
        stroke: categorical(head, theme),
        'stroke-opacity': (strength * weight).toFixed(3),
        'stroke-width': (0.7 + 2.3 * weight).toFixed(2),
        fill: 'none'
      });
      return { query, key, line };
    });
  }

  private _focus(left: boolean, index: number | undefined): void {
    for (const { query, key, line } of this._lines) {
      line.classList.toggle('loupe-faint', index !== undefined && (left ? query : key) !== index);
    }
    this._queries.forEach((e, i) => e.classList.toggle('loupe-hot', left && i === index));
    this._keys.forEach((e, i) => e.classList.toggle('loupe-hot', !left && i === index));
    this._options.announce(index === undefined ? '' : this._describe(left, index));
  }

  private _describe(left: boolean, index: number): string {
    const { query_tokens, key_tokens, heads } = this._data;
    const k = key_tokens.length;
    const found: { text: string; weight: number }[] = [];
    for (const { head, values } of this._patterns) {
      const others = left ? k : query_tokens.length;
      for (let o = 0; o < others; o++) {
        const weight = left ? values[index * k + o]! : values[o * k + index]!;
        if (weight > 0.03) {
          const name = visible((left ? key_tokens : query_tokens)[o]!);
          found.push({ text: `${name} ${short(weight)} (head ${heads[head]})`, weight });
        }
      }
    }
    found.sort((a, b) => b.weight - a.weight);
    const name = visible((left ? query_tokens : key_tokens)[index]!);
    const list = found
      .slice(0, 4)
      .map(f => f.text)
      .join(', ');
    return `${name} ${left ? 'reads' : 'is read by'} ${list || 'nothing above 0.03'}`;
  }

  private _key(event: KeyboardEvent, left: boolean, index: number): void {
    const list = left ? this._queries : this._keys;
    const next =
      event.key === 'ArrowDown'
        ? list[index + 1]
        : event.key === 'ArrowUp'
          ? list[index - 1]
          : event.key === 'ArrowRight' && left
            ? this._keys[Math.min(index, this._keys.length - 1)]
            : event.key === 'ArrowLeft' && !left
              ? this._queries[Math.min(index, this._queries.length - 1)]
              : undefined;
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      next.focus();
    }
  }

  private _switch(index: number): void {
    this._on[index] = !this._on[index];
    this._again();
  }

  private _only(index: number): void {
    this._on.forEach((_, i) => (this._on[i] = i === index));
    this._again();
  }

  private _all(on: boolean): void {
    this._on.fill(on);
    this._again();
  }

  private _again(): void {
    if (this._last) {
      this.draw(...this._last);
    }
  }
}
