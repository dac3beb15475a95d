/** Template tags and JSX that display as HTML, Markdown and SVG. */
import { HTML, MARKDOWN, SVG, TEXT } from '../protocol/mime';
import type { MimeBundle } from '../protocol/messages';
import { jupyterDisplay } from './display';

/** A text that displays as its MIME type. */
export class Markup {
  constructor(
    private readonly mime: string,
    readonly text: string
  ) {}

  [jupyterDisplay](): MimeBundle {
    return { [this.mime]: this.text, [TEXT]: this.text };
  }

  toString(): string {
    return this.text;
  }
}

type Tag = (first: TemplateStringsArray | string, ...values: unknown[]) => Markup;

function tag(mime: string, escape: (value: unknown) => string): Tag {
  return (first, ...values) => {
    if (typeof first === 'string') {
      return new Markup(mime, first);
    }
    const text = first.reduce((all, part, i) => all + (i > 0 ? escape(values[i - 1]) : '') + part, '');
    return new Markup(mime, text);
  };
}

/** HTML from a template, whose values are escaped unless they are markup or lists of it; or from a string as it is. */
export const html: Tag = tag(HTML, inHtml);
/** Markdown from a template or string. */
export const md: Tag = tag(MARKDOWN, value => (Array.isArray(value) ? value.join('') : String(value)));
/** SVG from a template, escaped as in `html`, or from a string. */
export const svg: Tag = tag(SVG, inHtml);

function inHtml(value: unknown): string {
  if (value instanceof Markup) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return value.map(inHtml).join('');
  }
  return value === null || value === undefined || value === false ? '' : escapeHtml(String(value));
}

/** Replaces the characters that mean something in HTML. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, c => entities[c]!);
}

const voids = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

/** What JSX of a cell calls: an element as HTML. Functions are components. */
export function h(
  type: string | ((props: Record<string, unknown>) => unknown),
  props: Record<string, unknown> | null,
  ...children: unknown[]
): unknown {
  if (typeof type === 'function') {
    return type({ ...props, children });
  }
  if (!/^[A-Za-z][\w:.-]*$/.test(type)) {
    throw new TypeError(`Cannot make an element as its name must be an HTML name: current value is ${type}`);
  }
  const attributes = Object.entries(props ?? {})
    .filter(([, v]) => v !== null && v !== undefined && v !== false && typeof v !== 'function')
    .map(([k, v]) => attribute(k, v))
    .join('');
  if (voids.has(type)) {
    return new Markup(HTML, `<${type}${attributes}>`);
  }
  return new Markup(HTML, `<${type}${attributes}>${inHtml(children.flat(Infinity).filter(c => c !== true))}</${type}>`);
}

/** `<>…</>` */
export function Fragment({ children }: Record<string, unknown>): Markup {
  return new Markup(HTML, inHtml(children));
}

function attribute(name: string, value: unknown): string {
  const names: Record<string, string> = { className: 'class', htmlFor: 'for' };
  const text =
    name === 'style' && typeof value === 'object'
      ? Object.entries(value as object)
          .map(([k, v]) => `${k.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`)}:${String(v)}`)
          .join(';')
      : String(value);
  return value === true ? ` ${names[name] ?? name}` : ` ${names[name] ?? name}="${escapeHtml(text)}"`;
}
