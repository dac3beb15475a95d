import type { Table, ViewDocument, ViewKind, ViewKinds } from '../../kernel/protocol/view';
import type { PlotlyModule } from '../plotly/library';
import type { Theme } from './theme';

/** What a component is given besides its data. */
export interface Context {
  /** The theme now; asked for anew at each drawing. */
  theme(): Theme;
  /** Says a value to screen readers and shows it under the picture. */
  announce(text: string): void;
  /** Plotly, loaded on first use. */
  plotly(): Promise<PlotlyModule>;
}

/** One kind of view, drawn. */
export interface Component {
  readonly element: HTMLElement;
  /** Draws again after a change of theme or width. */
  redraw(): void;
  /** What is shown now, as a table. */
  table(): Table;
  /** The picture alone, where it is one SVG; otherwise the whole element is exported. */
  picture?(): SVGSVGElement | Promise<string> | undefined;
  /** Resolves when everything is on screen, where drawing is not immediate. */
  ready?: Promise<void>;
  dispose?(): void;
}

export type MakeComponent<K extends ViewKind> = (data: ViewKinds[K], context: Context) => Component;

export type { ViewDocument };
