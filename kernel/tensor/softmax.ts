/** Softmax, its logarithm, and running sums along an axis. */
import { around, axisOf, isFloat, read, write, type Dense } from './dense';

/** Applies a function to each line along an axis, in place of the line. */
function lines(x: Dense, dim: number, action: string, f: (line: Float64Array) => void, keep = false): Dense {
  const axis = axisOf(dim, x.dims.length, action);
  const { outer, length, inner } = around(x.dims, axis);
  const values = read(x);
  const out = new Float64Array(values.length);
  const line = new Float64Array(length);
  for (let o = 0; o < outer; o++) {
    for (let n = 0; n < inner; n++) {
      const start = o * length * inner + n;
      for (let i = 0; i < length; i++) {
        line[i] = values[start + i * inner]!;
      }
      f(line);
      for (let i = 0; i < length; i++) {
        out[start + i * inner] = line[i]!;
      }
    }
  }
  const dtype = isFloat(x.dtype) ? x.dtype : keep ? (x.dtype === 'bool' ? 'int64' : x.dtype) : 'float32';
  return write(dtype, out, x.dims);
}

function maximum(line: Float64Array): number {
  let max = -Infinity;
  for (const value of line) {
    max = value > max ? value : max;
  }
  return max;
}

/** exp(x) / Σ exp(x) along an axis. */
export function softmax(x: Dense, dim: number): Dense {
  return lines(x, dim, 'take the softmax', line => {
    const max = maximum(line); // shifted by max so exp cannot overflow
    let sum = 0;
    for (let i = 0; i < line.length; i++) {
      sum += line[i] = Math.exp(line[i]! - max);
    }
    for (let i = 0; i < line.length; i++) {
      line[i] = line[i]! / sum;
    }
  });
}

/** log softmax, without the loss of taking the logarithm of a small probability. */
export function logSoftmax(x: Dense, dim: number): Dense {
  return lines(x, dim, 'take the log softmax', line => {
    const max = maximum(line);
    let sum = 0;
    for (const value of line) {
      sum += Math.exp(value - max);
    }
    const shift = max + Math.log(sum);
    for (let i = 0; i < line.length; i++) {
      line[i] = line[i]! - shift;
    }
  });
}

/** log Σ exp along an axis is in `reduce`; this is the running sum. */
export function cumsum(x: Dense, dim: number): Dense {
  return lines(
    x,
    dim,
    'take the running sum',
    line => {
      for (let i = 1; i < line.length; i++) {
        line[i] = line[i]! + line[i - 1]!;
      }
    },
    true
  );
}
