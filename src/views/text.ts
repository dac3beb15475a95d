/** How tokens and numbers are written. */

import { html, svg } from './dom';

const BLANKS: { [c: string]: string } = { ' ': '␣', '\n': '⏎', '\r': '␍', '\t': '⇥' };

/** Makes blanks and control characters visible: `␣`, `⏎`, `⇥`, `\xNN`. */
export function visible(token: string): string {
  if (token === '') {
    return '∅';
  }
  return token.replace(/[ \n\r\t]|[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, c => {
    const code = c.charCodeAt(0);
    return (
      BLANKS[c] ??
      (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
    );
  });
}

/** At most `length` characters, the last of them an ellipsis where more were there. */
export function clip(text: string, length: number): string {
  const characters = [...text];
  return characters.length > length ? `${characters.slice(0, Math.max(1, length - 1)).join('')}…` : text;
}

const MARKS = /([␣⏎␍⇥]+)/;

/** A token as HTML nodes, the marks of blanks dimmed. */
export function tokenNodes(token: string): Node[] {
  return visible(token)
    .split(MARKS)
    .filter(Boolean)
    .map(part => (MARKS.test(part) ? html('span', { class: 'loupe-blank' }, part) : document.createTextNode(part)));
}

/** A token as SVG text parts, the marks of blanks dimmed. */
export function tokenSpans(token: string, length = 18): SVGElement[] {
  return clip(visible(token), length)
    .split(MARKS)
    .filter(Boolean)
    .map(part => svg('tspan', MARKS.test(part) ? { class: 'loupe-blank' } : {}, part));
}

/** A number in few characters; what is not finite by name. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential(1).replace('-', '−');
  }
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}

/** A share as per cent. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return short(value);
  }
  const p = 100 * value;
  return p >= 10 ? `${p.toFixed(1)} %` : p >= 0.01 || p === 0 ? `${p.toFixed(2)} %` : `${p.toExponential(0)} %`;
}

/** Bytes in binary units. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (bytes >= 1024 && i < units.length - 1) {
    bytes /= 1024;
    i++;
  }
  return `${i === 0 ? bytes : bytes.toFixed(1)} ${units[i]}`;
}

/** 1234567 → `1 234 567`, with narrow blanks. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}
