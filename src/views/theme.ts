import type { Scale } from '../../kernel/protocol/view';

/** What drawing needs to know of the page's theme. */
export interface Theme {
  readonly dark: boolean;
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
}

type Rgb = readonly [number, number, number];

/** Even in lightness; the low end is near the page's own colour, so that small values recede. */
const RAMPS: { [key: string]: readonly string[] } = {
  lightSequential: ['#f4f8fc', '#dbe9f6', '#bad6eb', '#89bedc', '#539ecd', '#2b7bba', '#0b559f', '#08306b'],
  darkSequential: ['#16202b', '#17344f', '#184b76', '#1f659d', '#3a83bd', '#6aa6d6', '#a6cbe9', '#eef6fc'],
  lightDiverging: ['#2166ac', '#5a9bc9', '#a9cfe3', '#f5f5f5', '#f6c4ab', '#dd7a5c', '#b2182b'],
  darkDiverging: ['#8ec5ff', '#4d8fd1', '#27527c', '#22262b', '#7c3a2b', '#d06a4b', '#ffb199']
};

/** Cells that hold no finite number, told apart from every colour of the ramps. */
export const NAN_COLOUR = '#d81bd8';
export const INFINITE_COLOUR = '#e6a700';

const HEADS = [
  '#1f77b4',
  '#ff7f0e',
  '#2ca02c',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
  '#3f51b5',
  '#00897b'
];
const HEADS_DARK = [
  '#6baed6',
  '#fdae6b',
  '#74c476',
  '#fb8072',
  '#bcbddc',
  '#c49c94',
  '#f7b6d2',
  '#c7c7c7',
  '#dbdb8d',
  '#9edae5',
  '#9fa8da',
  '#80cbc4'
];

/** A colour per category, repeating past twelve. */
export function categorical(index: number, theme: Theme): string {
  const list = theme.dark ? HEADS_DARK : HEADS;
  return list[index % list.length]!;
}

function rgb(hex: string): Rgb {
  return [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16)) as unknown as Rgb;
}

const tables = new Map<string, Uint8ClampedArray>();

/** 256 RGB colours of a scale, 768 bytes. */
export function lookup(scale: Scale, theme: Theme): Uint8ClampedArray {
  const name = `${theme.dark ? 'dark' : 'light'}${scale === 'diverging' ? 'Diverging' : 'Sequential'}`;
  let table = tables.get(name);
  if (!table) {
    table = new Uint8ClampedArray(768);
    const stops = RAMPS[name]!.map(rgb);
    for (let i = 0; i < 256; i++) {
      const x = (i / 255) * (stops.length - 1);
      const a = Math.min(Math.floor(x), stops.length - 2);
      for (let c = 0; c < 3; c++) {
        table[3 * i + c] = stops[a]![c]! + (x - a) * (stops[a + 1]![c]! - stops[a]![c]!);
      }
    }
    tables.set(name, table);
  }
  return table;
}

/** The range a scale's colours span. */
export interface Range {
  readonly scale: Scale;
  readonly min: number;
  readonly max: number;
}

/** The range of values under a scale; what is not finite does not count. */
export function rangeOf(values: ArrayLike<number>, scale: Scale): Range {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isFinite(v)) {
      min = v < min ? v : min;
      max = v > max ? v : max;
    }
  }
  if (scale === 'unit') {
    return { scale, min: 0, max: 1 };
  }
  if (scale === 'diverging') {
    const top = Math.max(-min, max, 0);
    const size = Number.isFinite(top) && top > 0 ? top : 1;
    return { scale, min: -size, max: size };
  }
  if (!(max >= min)) {
    return { scale, min: 0, max: 1 };
  }
  return { scale, min: Math.min(0, min), max: max > Math.min(0, min) ? max : Math.min(0, min) + 1 };
}

/** Index into a lookup table; −1 for NaN, −2 for an infinity. */
export function level(value: number, range: Range): number {
  if (Number.isNaN(value)) {
    return -1;
  }
  if (!Number.isFinite(value)) {
    return -2;
  }
  return Math.max(0, Math.min(255, Math.round((255 * (value - range.min)) / (range.max - range.min))));
}

const NAN_RGB = rgb(NAN_COLOUR);
const INFINITE_RGB = rgb(INFINITE_COLOUR);

/** The colour of a value as CSS. */
export function colour(value: number, range: Range, theme: Theme): string {
  const at = level(value, range);
  if (at < 0) {
    return at === -1 ? NAN_COLOUR : INFINITE_COLOUR;
  }
  const table = lookup(range.scale, theme);
  return `rgb(${table[3 * at]}, ${table[3 * at + 1]}, ${table[3 * at + 2]})`;
}

/** Black or white, whichever reads better on the value's colour. */
export function inkOn(value: number, range: Range, theme: Theme): string {
  const at = level(value, range);
  const table = lookup(range.scale, theme);
  const [r, g, b] =
    at === -1 ? NAN_RGB : at === -2 ? INFINITE_RGB : [table[3 * at]!, table[3 * at + 1]!, table[3 * at + 2]!];
  return 0.299 * r + 0.587 * g + 0.114 * b > 145 ? '#111' : '#fff';
}

/** Paints values into RGBA pixels; `masked` leaves a cell transparent. */
export function paint(
  pixels: Uint8ClampedArray,
  values: ArrayLike<number>,
  range: Range,
  theme: Theme,
  masked?: (index: number) => boolean
): void {
  const table = lookup(range.scale, theme);
  for (let i = 0; i < values.length; i++) {
    if (masked?.(i)) {
      pixels[4 * i + 3] = 0;
      continue;
    }
    const at = level(values[i]!, range);
    for (let c = 0; c < 3; c++) {
      pixels[4 * i + c] = at >= 0 ? table[3 * at + c]! : (at === -1 ? NAN_RGB : INFINITE_RGB)[c]!;
    }
    pixels[4 * i + 3] = 255;
  }
}

/** Reads the theme JupyterLab has set on the page. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const get = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const attribute = document.body.dataset['jpThemeLight'];
  const dark = attribute === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : attribute === 'false';
  return {
    dark,
    background: get('--jp-layout-color0', dark ? '#111111' : '#ffffff'),
    text: get('--jp-ui-font-color1', dark ? '#e0e0e0' : '#212121'),
    muted: get('--jp-ui-font-color2', dark ? '#a0a0a0' : '#616161'),
    line: get('--jp-border-color2', dark ? '#424242' : '#e0e0e0'),
    accent: get('--jp-brand-color1', dark ? '#64b5f6' : '#1976d2'),
    font: get('--jp-ui-font-family', 'system-ui, sans-serif')
  };
}

/** Calls back when the page's theme changes. Returns a function that stops it. */
export function onThemeChange(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name'] });
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', callback);
  return () => {
    observer.disconnect();
    media.removeEventListener('change', callback);
  };
}
