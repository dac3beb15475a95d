import { roving } from './controls';
import { html } from './dom';
import { tokenNodes, visible } from './text';
import { colour, inkOn } from './theme';
import type { Range, Theme } from './theme';

export interface TokenStripOptions {
  label: string;
  /** The token under the pointer or with the focus; undefined when left. */
  onToken(index: number | undefined): void;
  /** A click or Enter. */
  onChoose?(index: number): void;
}

/** A text's tokens as a row of focusable pieces, each coloured by a number. */
export class TokenStrip {
  readonly element: HTMLElement;
  private readonly _spans: HTMLElement[];

  constructor(tokens: readonly string[], options: TokenStripOptions) {
    this._spans = tokens.map((token, i) =>
      html(
        'span',
        {
          class: 'loupe-token',
          role: 'button',
          'aria-label': `Token ${i}: ${visible(token)}`,
          pointerenter: () => options.onToken(i),
          focus: () => options.onToken(i),
          click: () => options.onChoose?.(i),
          keydown: (e: KeyboardEvent) => {
            if (e.key === 'Enter' || e.key === ' ') {
              e.preventDefault();
              options.onChoose?.(i);
            }
          }
        },
        ...tokenNodes(token)
      )
    );
    roving(this._spans);
    this.element = html('div', { class: 'loupe-strip', role: 'group', 'aria-label': options.label });
    this._spans.forEach((span, i) => {
      this.element.append(span);
      // A line of the text ends where its line feed stands.
      if (/\n$/.test(tokens[i]!)) {
        this.element.append(html('span', { class: 'loupe-break' }));
      }
    });
    this.element.addEventListener('pointerleave', () => options.onToken(undefined));
    this.element.addEventListener('focusout', e => {
      if (!this.element.contains(e.relatedTarget as Node | null)) {
        options.onToken(undefined);
      }
    });
  }

  /** Colours the tokens; without values they are plain. */
  colour(values: ArrayLike<number> | undefined, range: Range, theme: Theme, skip?: (index: number) => boolean): void {
    this._spans.forEach((span, i) => {
      const value = values?.[i];
      const plain = value === undefined || skip?.(i);
      span.style.backgroundColor = plain ? '' : colour(value, range, theme);
      span.style.color = plain ? '' : inkOn(value, range, theme);
    });
  }

  /** Marks tokens: `chosen` stays, `hot` is pointed at. */
  mark(chosen: number | undefined, hot?: number | undefined): void {
    this._spans.forEach((span, i) => {
      span.setAttribute('aria-pressed', String(i === chosen));
      span.classList.toggle('loupe-chosen', i === chosen);
      span.classList.toggle('loupe-hot', i === hot);
    });
  }
}
