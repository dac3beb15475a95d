import type { Candidate, FigureJson, LogitsData } from '../protocol/view';
import { layout } from './figure';
import { checkLabels, dense, pick } from './input';
import type { Dense, Values } from './input';
import { axisLabel, rounded } from './strings';
import { namer, tokenStrings } from './tokens';
import type { Namer } from './tokens';
import { View } from './view';

export interface LogitsViewOptions {
  /** How many candidates. Default 10. */
  top_k?: number;
  /** Position shown first; negative counts from the end. Default −1. */
  position?: number;
  /** One string per position: adds a selector of positions, each with what came next. */
  tokens?: readonly string[];
  /** Ids of the sequence, one per position: each position then tells how the token that came next fared. */
  input_ids?: readonly (number | bigint)[];
  /** Which sequence of the batch. Default 0. */
  batch?: number;
  title?: string;
  note?: string;
}

/** The likeliest tokens of one row of logits. */
export interface Ranked {
  top: Candidate[];
  /** Nats. */
  entropy: number;
  /** log Σ exp(logits). */
  logSumExp: number;
}

/** Log of the sum of exponentials, shifted so that exp cannot overflow. −∞ entries weigh nothing. */
export function logSumExp(logits: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    max = logits[i]! > max ? logits[i]! : max;
  }
  if (max === -Infinity) {
    return -Infinity;
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    sum += Math.exp(logits[i]! - max);
  }
  return max + Math.log(sum);
}

/** Indices of the k largest, best first. NaN comes before everything, so that it is seen. */
export function topIndices(values: ArrayLike<number>, k: number): number[] {
  const key = (i: number): number => (Number.isNaN(values[i]!) ? Infinity : values[i]!);
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === k && key(i) <= key(best[k - 1]!)) {
      continue;
    }
    let at = best.length;
    while (at > 0 && key(best[at - 1]!) < key(i)) {
      at--;
    }
    best.splice(at, 0, i);
    best.length = Math.min(best.length, k);
  }
  return best;
}

/** Ranks one row of logits. */
export function rank(logits: ArrayLike<number>, k: number, name: (id: number) => string): Ranked {
  const total = logSumExp(logits);
  let entropy = 0;
  for (let i = 0; i < logits.length; i++) {
    const logP = logits[i]! - total;
    entropy -= logP === -Infinity ? 0 : Math.exp(logP) * logP;
  }
  const top = topIndices(logits, k).map(id => ({
    id,
    token: name(id),
    logit: logits[id]!,
    p: Math.exp(logits[id]! - total)
  }));
  return { top, entropy, logSumExp: total };
}

/** Logits as [position, vocab] of one sequence. */
export function logitRows(logits: Values | { logits?: Values }, batch: number): Dense {
  const source = typeof logits === 'object' && 'logits' in logits && logits.logits ? logits.logits : (logits as Values);
  const { shape, data } = dense(source, 'logits');
  if (shape.length === 1) {
    return { shape: [1, shape[0]!], data };
  }
  if (shape.length === 2) {
    return { shape, data };
  }
  if (shape.length !== 3) {
    throw new TypeError(
      `Cannot draw logits as they must have the axes [batch, position, vocab], [position, vocab] or [vocab]: ` +
        `current shape is [${shape.join(', ')}]`
    );
  }
  const at = pick(batch, shape[0]!, 'batch');
  const size = shape[1]! * shape[2]!;
  return { shape: shape.slice(1), data: data.subarray(at * size, (at + 1) * size) };
}

/**
 * Shows the likeliest next tokens as bars, with probability and logit.
 *
 * @param logits A forward pass's output or its logits: [batch, position, vocab], [position, vocab] or [vocab].
 * @param tokenizer Names the ids: a tokenizer, the vocabulary's strings, or a function.
 * @throws {TypeError} If the logits have other axes, or the tokens another number.
 * @throws {RangeError} If there is no such position.
 * @example
 * logits_view(outputs, tokenizer, { top_k: 5 });
 */
export function logits_view(
  logits: Values | { logits?: Values },
  tokenizer: Namer,
  options: LogitsViewOptions = {}
): View {
  const { top_k = 10, position = -1, batch = 0 } = options;
  const rows = logitRows(logits, batch);
  const [count, vocab] = rows.shape as [number, number];
  if (!Number.isInteger(top_k) || top_k < 1) {
    throw new RangeError(`Cannot show candidates as top_k must be a whole number from 1: current value is ${top_k}`);
  }
  const name = namer(tokenizer);
  const tokens = options.tokens ? tokenStrings(options.tokens) : [];
  if (options.tokens) {
    checkLabels(tokens, count, 'tokens', 'the position axis');
  }
  const ids = options.input_ids?.map(Number);
  if (ids && ids.length !== count) {
    throw new TypeError(`Cannot follow input_ids as there must be one for each of ${count} positions: ${ids.length}`);
  }
  const selected = pick(position, count, 'position');
  const shown = options.tokens || ids ? Array.from({ length: count }, (_, i) => i) : [selected];
  const positions = shown.map(at => {
    const row = rows.data.subarray(at * vocab, (at + 1) * vocab);
    const { top, entropy, logSumExp: total } = rank(row, Math.min(top_k, vocab), name);
    const next = ids?.[at + 1];
    return {
      position: at,
      top: top.map(clean),
      entropy: rounded(entropy) ?? 0,
      ...(next === undefined
        ? {}
        : { target: { ...clean(candidate(row, next, total, name)), rank: rankOf(row, next) } })
    };
  });
  const data: LogitsData = {
    tokens: tokens.length ? tokens : (ids ?? []).map(name),
    positions,
    selected: shown.indexOf(selected)
  };
  const title = options.title ?? 'Next token';
  const { top } = positions[data.selected]!;
  return new View({
    document: { version: 1, kind: 'logits', title, ...(options.note ? { note: options.note } : {}), data },
    figure: () => bars(top, title),
    table: { columns: ['token', 'id', 'probability', 'logit'], rows: top.map(c => [c.token, c.id, c.p, c.logit]) }
  });
}

function candidate(row: ArrayLike<number>, id: number, total: number, name: (id: number) => string): Candidate {
  return { id, token: name(id), logit: row[id]!, p: Math.exp(row[id]! - total) };
}

/** How many are larger. */
function rankOf(row: ArrayLike<number>, id: number): number {
  let larger = 0;
  for (let i = 0; i < row.length; i++) {
    larger += row[i]! > row[id]! ? 1 : 0;
  }
  return larger;
}

/** JSON has no NaN or infinity: they travel as null and are shown by name. */
function clean(c: Candidate): Candidate {
  return { ...c, logit: rounded(c.logit, 6) as number, p: rounded(c.p, 6) as number };
}

/** Bars from the top, best first. */
export function bars(top: readonly Candidate[], title: string): FigureJson {
  return {
    data: [
      {
        type: 'bar',
        orientation: 'h',
        x: top.map(c => c.p),
        y: top.map((_, i) => i),
        text: top.map(c => (c.p === null ? 'NaN' : c.p.toFixed(3))),
        textposition: 'auto',
        marker: { color: '#3182bd' },
        customdata: top.map(c => [c.id, c.logit]),
        hovertemplate: '%{y}: %{x:.4f}<br>id %{customdata[0]}, logit %{customdata[1]:.3f}<extra></extra>'
      }
    ],
    layout: layout(title, {
      xaxis: { title: { text: 'Probability' }, rangemode: 'tozero' },
      yaxis: { tickvals: top.map((_, i) => i), ticktext: top.map(c => axisLabel(c.token)), autorange: 'reversed' },
      height: 110 + 26 * top.length,
      margin: { l: 110, r: 20, t: 40, b: 50 },
      bargap: 0.25
    })
  };
}
