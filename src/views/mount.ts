import type { ViewDocument } from '../../kernel/protocol/view';
import { loadPlotly } from '../plotly/library';
import type { Component } from './component';
import { html } from './dom';
import { download, exportView, pngUrl } from './export';
import type { ExportFormat } from './export';
import { makeComponent } from './kinds';
import { tableElement } from './table';
import { onThemeChange, readTheme } from './theme';

/** A view on the page. */
export interface MountedView {
  /** Resolves when everything is on screen. */
  readonly ready: Promise<void>;
  /** The picture as a PNG data URL. */
  png(scale?: number): Promise<string>;
  dispose(): void;
}

const FORMATS: readonly ExportFormat[] = ['png', 'svg', 'html', 'json'];

/**
 * Draws a view into an element: title, tools, the kind's component, and a line that says values aloud. Needs nothing of
 * JupyterLab but its CSS variables.
 *
 * @throws {TypeError} If the document is no view, or of an unknown kind.
 */
export function mountView(host: HTMLElement, document: ViewDocument): MountedView {
  if (typeof document !== 'object' || document === null || document.version !== 1) {
    throw new TypeError('Cannot draw a view as its version must be 1: run the cell again, or update jupyterlab-loupe');
  }
  const live = html('div', { class: 'loupe-live', 'aria-live': 'polite' });
  const body = html('div', { class: 'loupe-body' });
  const table = html('div', { hidden: true });
  const root = html('div', { class: 'loupe-view', 'data-kind': document.kind, 'data-lm-suppress-shortcuts': 'true' });
  host.replaceChildren(root);
  let theme = readTheme(host);
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const component: Component = makeComponent(document, {
    theme: () => theme,
    announce: text => {
      live.textContent = text;
      clearTimeout(quiet);
    },
    plotly: loadPlotly
  });
  const exportable = { document, component, root, theme: () => theme };
  const tableButton = html(
    'button',
    { type: 'button', class: 'loupe-tool', 'aria-pressed': 'false', click: () => toggleTable() },
    'Table'
  );
  const toggleTable = (): void => {
    const on = table.hidden;
    table.hidden = !on;
    body.hidden = on;
    tableButton.setAttribute('aria-pressed', String(on));
    if (on) {
      table.replaceChildren(tableElement(component.table(), document.title));
    } else {
      component.redraw();
    }
  };
  const save = async (format: ExportFormat): Promise<void> => {
    menu.open = false;
    try {
      const name =
        document.title
          .replace(/[^\p{L}\p{N}]+/gu, '-')
          .replace(/^-|-$/g, '')
          .toLowerCase() || 'view';
      download(await exportView(exportable, format), `${name}.${format}`);
    } catch (error) {
      live.textContent = `Export failed: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  const menu = html(
    'details',
    { class: 'loupe-export' },
    html('summary', { class: 'loupe-tool' }, 'Export'),
    html(
      'div',
      { class: 'loupe-menu' },
      ...FORMATS.map(f => html('button', { type: 'button', click: () => void save(f) }, f.toUpperCase()))
    )
  );
  menu.addEventListener('keydown', e => {
    if (e.key === 'Escape') {
      menu.open = false;
    }
  });
  menu.addEventListener('focusout', e => {
    if (!menu.contains(e.relatedTarget as Node | null)) {
      menu.open = false;
    }
  });
  body.append(component.element);
  root.append(
    html(
      'div',
      { class: 'loupe-head' },
      html('div', { class: 'loupe-title' }, document.title),
      html('div', { class: 'loupe-tools' }, tableButton, menu)
    )
  );
  if (document.note) {
    root.append(html('div', { class: 'loupe-note' }, document.note));
  }
  root.append(body, table, live);
  root.classList.toggle('loupe-dark', theme.dark);
  component.redraw();

  let width = root.clientWidth;
  const redraw = (): void => {
    if (!body.hidden && root.clientWidth > 0) {
      component.redraw();
    }
  };
  const observer = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) > 4) {
      width = root.clientWidth;
      redraw();
    }
  });
  observer.observe(root);
  const stop = onThemeChange(() => {
    theme = readTheme(host);
    root.classList.toggle('loupe-dark', theme.dark);
    redraw();
  });
  return {
    ready: component.ready ?? Promise.resolve(),
    png: scale => pngUrl(exportable, scale),
    dispose() {
      observer.disconnect();
      stop();
      component.dispose?.();
      root.remove();
    }
  };
}
