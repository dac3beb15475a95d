/** GPT-2's printable stand-ins for bytes: character → byte. */
function byteAlphabet(): Map<string, number> {
  const map = new Map<string, number>();
  let extra = 0;
  for (let b = 0; b < 256; b++) {
    const printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    map.set(String.fromCharCode(printable ? b : 256 + extra++), b);
  }
  return map;
}

let alphabet: Map<string, number> | undefined;

/** Text of one byte-level token; bytes that are no character are written \xNN. */
function fromByteLevel(token: string): string {
  alphabet ??= byteAlphabet();
  const bytes: number[] = [];
  for (const c of token) {
    const b = alphabet.get(c);
    if (b === undefined) {
      return token;
    }
    bytes.push(b);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return bytes.map(b => (b < 128 ? String.fromCharCode(b) : `\\x${b.toString(16)}`)).join('');
  }
}

/**
 * Turns vocabulary entries into the text they stand for: byte-level (`Ġthe`) and SentencePiece (`▁the`) spellings
 * become ` the`. Decoded text passes through.
 */
export function readableTokens(tokens: readonly string[]): string[] {
  // Special tokens hold no blanks; one Ġ or Ċ tells that the rest is spelt in the byte alphabet too.
  if (tokens.some(t => /^[ĠĊĉ]|[^\s][ĠĊ]/.test(t))) {
    return tokens.map(fromByteLevel);
  }
  return tokens.map(t => t.replace(/▁/g, ' ').replace(/^<0x0A>$/, '\n'));
}

/** Makes blanks visible: `␣` for a space, `⏎` for a line feed, `⇥` for a tab; other controls as \xNN. */
export function visible(token: string): string {
  if (token === '') {
    return '∅';
  }
  return token
    .replace(/ /g, '␣')
    .replace(/\n/g, '⏎')
    .replace(/\r/g, '␍')
    .replace(/\t/g, '⇥')
    .replace(/[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escapeControl);
}

function escapeControl(c: string): string {
  const code = c.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The text as HTML shows it, for Plotly, whose labels are a subset of HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

/** A token as an axis label of a Plotly figure: visible, escaped, not too long. */
export function axisLabel(token: string, length = 16): string {
  const text = visible(token);
  const short = [...text].length > length ? `${[...text].slice(0, length - 1).join('')}…` : text;
  return escapeHtml(short);
}

/** A number in few characters: 4 significant digits, non-finite ones by name. */
export function short(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential(2);
  }
  return String(Number(value.toPrecision(4)));
}

/** A number rounded to 4 significant digits; null (JSON's only choice) where it is not finite. */
export function rounded(value: number, digits = 4): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : null;
}

/** 1234567 → `1,234,567`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
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

/** '12.3 %' */
export function percentText(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toPrecision(3)} %` : String(share);
}
