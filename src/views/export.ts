import type { Table, ViewDocument } from '../../kernel/protocol/view';
import type { Component } from './component';
import type { Theme } from './theme';

export type ExportFormat = 'png' | 'svg' | 'html' | 'json';

/** What an export needs of a mounted view. */
export interface Exportable {
  readonly document: ViewDocument;
  readonly component: Component;
  readonly root: HTMLElement;
  theme(): Theme;
}

const SVG_NS = 'http://www.w3.org/2000/svg';
const CARRIED = [
  'align-items',
  'background-color',
  'background-image',
  'border-bottom',
  'border-collapse',
  'border-left',
  'border-radius',
  'border-right',
  'border-top',
  'box-sizing',
  'color',
  'column-gap',
  'display',
  'fill',
  'fill-opacity',
  'flex-basis',
  'flex-direction',
  'flex-grow',
  'flex-shrink',
  'flex-wrap',
  'font-family',
  'font-size',
  'font-style',
  'font-weight',
  'grid-auto-rows',
  'grid-template-columns',
  'height',
  'image-rendering',
  'justify-content',
  'left',
  'letter-spacing',
  'line-height',
  'list-style-type',
  'margin-bottom',
  'margin-left',
  'margin-right',
  'margin-top',
  'max-width',
  'min-width',
  'opacity',
  'overflow-x',
  'overflow-y',
  'padding-bottom',
  'padding-left',
  'padding-right',
  'padding-top',
  'position',
  'row-gap',
  'stroke',
  'stroke-dasharray',
  'stroke-opacity',
  'stroke-width',
  'text-align',
  'text-anchor',
  'text-overflow',
  'top',
  'transform',
  'vertical-align',
  'visibility',
  'white-space',
  'width',
  'writing-mode'
] as const;
const SVG_CARRIED = [
  'fill',
  'fill-opacity',
  'font-family',
  'font-size',
  'font-style',
  'font-weight',
  'image-rendering',
  'opacity',
  'stroke',
  'stroke-dasharray',
  'stroke-opacity',
  'stroke-width',
  'visibility',
  'display'
] as const;

/** A copy that keeps its looks outside the page: computed styles inlined, canvases as pictures. */
function standalone(element: Element): Element {
  const copy = element.cloneNode(true) as Element;
  const from = [element, ...element.querySelectorAll('*')];
  const to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((source, i) => {
    const target = to[i] as HTMLElement | SVGElement;
    const style = getComputedStyle(source);
    const names: readonly string[] = source.namespaceURI === SVG_NS ? SVG_CARRIED : CARRIED;
    target.removeAttribute('class');
    target.removeAttribute('tabindex');
    target.setAttribute('style', names.map(n => `${n}:${style.getPropertyValue(n)}`).join(';'));
    if (source instanceof HTMLCanvasElement) {
      const image = document.createElement('img');
      image.src = source.toDataURL();
      image.setAttribute('style', target.getAttribute('style') ?? '');
      target.replaceWith(image);
    } else if (source instanceof HTMLSelectElement) {
      const text = document.createElement('span');
      text.textContent = source.selectedOptions[0]?.textContent ?? '';
      text.setAttribute('style', `padding:0 6px;font-weight:600;color:${style.color}`);
      target.replaceWith(text);
    }
  });
  return copy;
}

/** The picture as SVG text: vectors where the view is one SVG, else the page's elements inside one. */
async function svgText(view: Exportable): Promise<{ text: string; width: number; height: number }> {
  const picture = await view.component.picture?.();
  if (typeof picture === 'string') {
    const parsed = new DOMParser().parseFromString(picture, 'image/svg+xml').documentElement;
    return {
      text: picture,
      width: parseFloat(parsed.getAttribute('width') ?? '700'),
      height: parseFloat(parsed.getAttribute('height') ?? '450')
    };
  }
  const { background } = view.theme();
  if (picture) {
    const copy = standalone(picture) as SVGSVGElement;
    const width = Number(picture.getAttribute('width'));
    const height = Number(picture.getAttribute('height'));
    copy.setAttribute('xmlns', SVG_NS);
    copy.setAttribute('width', String(width));
    copy.setAttribute('height', String(height));
    const paper = document.createElementNS(SVG_NS, 'rect');
    paper.setAttribute('width', '100%');
    paper.setAttribute('height', '100%');
    paper.setAttribute('fill', background);
    copy.prepend(paper);
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  }
  const { element } = view.component;
  const width = Math.ceil(element.scrollWidth);
  const height = Math.ceil(element.scrollHeight);
  const root = document.createElementNS(SVG_NS, 'svg');
  root.setAttribute('width', String(width));
  root.setAttribute('height', String(height));
  const holder = document.createElementNS(SVG_NS, 'foreignObject');
  holder.setAttribute('width', '100%');
  holder.setAttribute('height', '100%');
  const body = document.createElement('div');
  body.setAttribute('style', `background:${background};width:${width}px;height:${height}px`);
  body.append(standalone(element));
  holder.append(body);
  root.append(holder);
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

/** The picture as a PNG data URL. */
export async function pngUrl(view: Exportable, scale = 2): Promise<string> {
  const { text, width, height } = await svgText(view);
  const image = new Image();
  await new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error('Cannot export as the picture could not be drawn'));
    // A data URL: canvases that drew an SVG from a Blob URL may not be read back.
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  context.drawImage(image, 0, 0, width, height);
  return canvas.toDataURL('image/png');
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
}

function tableHtml(table: Table): string {
  const cells = (tag: string, row: readonly (string | number | null)[]): string =>
    `<tr>${row.map(v => `<${tag}>${escape(v === null ? 'NaN' : String(v))}</${tag}>`).join('')}</tr>`;
  return `<table>${cells('th', table.columns)}${table.rows.map(r => cells('td', r)).join('')}</table>`;
}

/** A page of its own: the picture, then its values as a table. No script. */
async function page(view: Exportable): Promise<string> {
  const { text } = await svgText(view);
  const { title, note } = view.document;
  const { background, text: ink } = view.theme();
  return `<!doctype html><meta charset="utf-8"><title>${escape(title)}</title>
<style>body{font:14px system-ui,sans-serif;background:${background};color:${ink};margin:24px}
table{border-collapse:collapse;font-size:12px}th,td{padding:2px 8px;text-align:left;border-bottom:1px solid #8884}</style>
<h1 style="font-size:18px">${escape(title)}</h1>${note ? `<p>${escape(note)}</p>` : ''}
${text}
<details><summary>Values</summary>${tableHtml(view.component.table())}</details>
`;
}

/** Makes a file of a view. */
export async function exportView(view: Exportable, format: ExportFormat): Promise<Blob> {
  switch (format) {
    case 'json':
      return new Blob([JSON.stringify({ view: view.document, table: view.component.table() })], {
        type: 'application/json'
      });
    case 'svg':
      return new Blob([(await svgText(view)).text], { type: 'image/svg+xml' });
    case 'html':
      return new Blob([await page(view)], { type: 'text/html' });
    case 'png': {
      const response = await fetch(await pngUrl(view));
      return response.blob();
    }
  }
}

/** Hands a file to the reader. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
