/** Ordering along an axis. */
import { around, axisOf, read, shown, write, type Dense } from './dense';

/** Values in order and where they were. */
export interface Sorted {
  readonly values: Dense;
  readonly indices: Dense;
}

/**
 * The first `k` values along an axis in order; equal values keep their order, NaN counts as largest.
 *
 * @throws {RangeError} If `k` is not from 0 to the axis's length.
 */
export function order(x: Dense, dim: number, descending: boolean, k?: number): Sorted {
  const axis = axisOf(dim, x.dims.length, 'sort');
  const { outer, length, inner } = around(x.dims, axis);
  const count = k ?? length;
  if (!Number.isInteger(count) || count < 0 || count > length) {
    throw new RangeError(
      `Cannot take the top k as k must be from 0 to ${length} for dim ${axis} of shape ${shown(x.dims)}: current value is ${k}`
    );
  }
  const numbers = read(x);
  const values = new Float64Array(outer * count * inner);
  const indices = new Float64Array(values.length);
  const places = new Uint32Array(length);
  for (let o = 0; o < outer; o++) {
    for (let n = 0; n < inner; n++) {
      const start = o * length * inner + n;
      const at = (place: number): number => numbers[start + place * inner]!;
      for (let i = 0; i < length; i++) {
        places[i] = i;
      }
      const chosen = count < length / 8 ? firstOf(places, count, at, descending) : sortAll(places, at, descending);
      for (let i = 0; i < count; i++) {
        values[(o * count + i) * inner + n] = at(chosen[i]!);
        indices[(o * count + i) * inner + n] = chosen[i]!;
      }
    }
  }
  const dims = x.dims.length ? x.dims.map((m, i) => (i === axis ? count : m)) : [];
  return { values: write(x.dtype, values, dims), indices: write('int64', indices, dims) };
}

type At = (place: number) => number;

/** Negative when `a` comes first. */
function comparison(at: At, descending: boolean): (a: number, b: number) => number {
  const rank = (value: number): number => (Number.isNaN(value) ? Infinity : value);
  return (a, b) => {
    const [p, q] = [at(a), at(b)];
    if (p === q || (Number.isNaN(p) && Number.isNaN(q))) {
      return a - b;
    }
    if (rank(p) === rank(q)) {
      return Number.isNaN(p) === descending ? -1 : 1;
    }
    return rank(p) < rank(q) === descending ? 1 : -1;
  };
}

function sortAll(places: Uint32Array, at: At, descending: boolean): Uint32Array {
  return places.sort(comparison(at, descending));
}

/** The first few without sorting the rest: a vocabulary is long and k small. */
function firstOf(places: Uint32Array, count: number, at: At, descending: boolean): number[] {
  const before = comparison(at, descending);
  const kept: number[] = [];
  for (const place of places) {
    if (kept.length === count && (count === 0 || before(place, kept[count - 1]!) > 0)) {
      continue;
    }
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(place, kept[middle]!) < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    kept.splice(low, 0, place);
    if (kept.length > count) {
      kept.pop();
    }
  }
  return kept;
}
