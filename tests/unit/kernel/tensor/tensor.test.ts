/** Against PyTorch, by the cases of make_tensor_fixtures.py, and what PyTorch has no word on. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { write, type DType } from '../../../../kernel/tensor/dense';
import {
  arange,
  cat,
  eye,
  full,
  linspace,
  ones,
  rand,
  randn,
  stack,
  tensor,
  where,
  zeros
} from '../../../../kernel/tensor/factories';
import { Tensor } from '../../../../kernel/tensor/tensor';

interface Dump {
  dtype: DType;
  dims: number[];
  values: (number | string)[];
}

interface Case {
  x: Dump;
  method: string;
  args: unknown[];
  expected: Dump | Dump[];
}

const { cases, reprs } = JSON.parse(readFileSync(resolve(__dirname, 'torch.json'), 'utf8')) as {
  cases: Case[];
  reprs: { x: Dump; text: string }[];
};

const SPECIAL: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity };

function load({ dtype, dims, values }: Dump): Tensor {
  const dense = write(
    dtype,
    values.map(value => (typeof value === 'string' ? SPECIAL[value]! : value)),
    dims
  );
  return new Tensor(dense.dtype, dense.data, dense.dims);
}

const isDump = (value: unknown): value is Dump => typeof value === 'object' && value !== null && 'dims' in value;

/** Same dtype and shape, values within float32's (float16's) rounding of the largest. */
function expectLike(actual: Tensor, dump: Dump): void {
  const expected = load(dump);
  expect({ dtype: actual.dtype, dims: actual.dims }).toEqual({ dtype: expected.dtype, dims: expected.dims });
  const [a, b] = [[...actual.numbers()], [...expected.numbers()]];
  const largest = b.reduce(
    (most: number, value: number) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0
  );
  // PyTorch rounds half precision in other places: one unit in the last place.
  const tolerance = (dump.dtype === 'float16' ? 1e-3 : 2e-6) * Math.max(largest, 1e-3);
  a.forEach((value, i) => {
    if (Number.isFinite(b[i]!)) {
      expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(dump.dtype.startsWith('float') ? tolerance : 0);
    } else {
      expect(value).toBe(b[i]);
    }
  });
}

describe('Tensor', () => {
  it.each(
    cases.map(
      (one, i) => [`${i} ${one.method}(${JSON.stringify(one.args).slice(0, 40)}) of [${one.x.dims}]`, one] as const
    )
  )('equals PyTorch: %s', (_name, { x, method, args, expected }) => {
    const own = load(x);
    const before = own.clone();
    const given = args.map(arg => (isDump(arg) ? load(arg) : arg === 'Infinity' ? Infinity : arg));
    const out = (own as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...given);
    if (Array.isArray(expected)) {
      expected.forEach((part, i) => expectLike((out as Tensor[])[i]!, part));
    } else {
      expectLike(out as Tensor, expected);
    }
    expect(own.numbers()).toEqual(before.numbers());
  });

  it.each(reprs.map(one => [`[${one.x.dims}] ${one.x.dtype}`, one] as const))(
    'prints as PyTorch: %s',
    (_name, { x, text }) => {
      expect(String(load(x))).toBe(text);
    }
  );

  it('refuses data that do not fit the shape', () => {
    expect(() => new Tensor('float32', new Float32Array(5), [2, 3])).toThrow(
      'Cannot make a tensor as data must hold 6 elements for shape [2, 3]: current number is 5'
    );
  });
});

describe('tensor()', () => {
  it('takes the dtype from the values', () => {
    expect([tensor([1, 2]), tensor([1, 2.5]), tensor([true]), tensor(3), tensor([])].map(t => t.dtype)).toEqual([
      'int64',
      'float32',
      'bool',
      'int64',
      'float32'
    ]);
    expect(tensor([[1], [2]]).dims).toEqual([2, 1]);
    expect(tensor(new Float32Array([1, 2])).dtype).toBe('float32');
    expect(tensor([5n]).tolist()).toEqual([5]);
  });

  it('gives back the lists it was made of', () => {
    const nested = [
      [
        [1, 2],
        [3, 4]
      ],
      [
        [5, 6],
        [7, 8]
      ]
    ];
    for (const dtype of ['float32', 'float16', 'int64', 'int32', 'int8', 'uint8', 'float64'] as const) {
      expect(tensor(nested, dtype).tolist()).toEqual(nested);
    }
    expect(tensor([[true, false]]).tolist()).toEqual([[true, false]]);
    expect(JSON.stringify(tensor([1, 2]))).toBe('[1,2]');
  });

  it.each([
    [[[1, 2], [3]], /lists at depth 1 must all have 2 entries: current one has 1/],
    [[1, 'a'], /values must be numbers or booleans: current value is a/],
    [[1, [2]], /a list where a number is expected/],
    [[[1], 2], /current one has none, it is no list/]
  ])('refuses %j', (nested, message) => {
    expect(() => tensor(nested as never)).toThrow(message);
  });
});

describe('Tensor indexing', () => {
  const x = arange(24).reshape(2, 3, 4);

  it('takes indices from either end', () => {
    expect(x.at(0, -1).tolist()).toEqual([8, 9, 10, 11]);
    expect(x.at(-1, -1, -1).item()).toBe(23);
    expect((x.at(1, 0, 0) as unknown as number) > 11).toBe(true);
  });

  it('slices with ranges, null and indices', () => {
    expect(x.slice(null, [0, 2], -1).tolist()).toEqual([
      [3, 7],
      [15, 19]
    ]);
    expect(x.slice(0, 0, [null, null, 2]).tolist()).toEqual([0, 2]);
    expect(x.slice(0, 0, [-2]).tolist()).toEqual([2, 3]);
    expect(x.slice(0, [5]).dims).toEqual([0, 4]);
  });

  it('names axis and shape of an index outside', () => {
    expect(() => x.at(0, 3)).toThrow(
      'Cannot index as dim 1 must be from -3 to 2 for shape [2, 3, 4]: current value is 3'
    );
    expect(() => x.at(0, 0, 0, 0)).toThrow(/at most 3 indices for shape \[2, 3, 4\]: current number is 4/);
    expect(() => x.at(0.5)).toThrow(RangeError);
  });

  it('iterates over the first axis', () => {
    expect([...x].map(part => part.dims)).toEqual([
      [3, 4],
      [3, 4]
    ]);
    expect(() => [...tensor(1)]).toThrow(TypeError);
  });
});

describe('Tensor errors name axis and shapes', () => {
  const x = zeros([2, 3]);
  it.each<[() => unknown, RegExp]>([
    [
      () => x.reshape(4),
      /Cannot reshape to \[4\] as it must hold the same number of elements: current shape is \[2, 3\]/
    ],
    [() => x.reshape(-1, -1), /Cannot reshape/],
    [() => x.softmax(2), /Cannot take the softmax as dim must be from -2 to 1: current value is 2/],
    [
      () => x.add(zeros([2, 2])),
      /Cannot add as shapes must match or be 1 along dim -1: current shapes are \[2, 3\] and \[2, 2\]/
    ],
    [() => x.matmul(zeros([2, 3])), /inner lengths must be equal: current shapes are \[2, 3\] and \[2, 3\]/],
    [() => x.item(), /must hold one value: current shape is \[2, 3\]/],
    [() => x.topk(4), /k must be from 0 to 3 for dim 1 of shape \[2, 3\]: current value is 4/],
    [() => x.permute(0, 0), /must name each of the 2 axes once/],
    [() => cat([x, zeros([2])]), /all other dims must be equal: current shapes are \[2, 3\], \[2\]/],
    [() => zeros([0]).max(), /there must be a value: current shape is \[0\]/],
    [() => x.to('bfloat16' as never), /dtype must be float32, float16/],
    [() => tensor([NaN]).to('int64'), /values must be finite/],
    [() => x.narrow(1, 2, 2), /within 3: current values are 2 and 2/],
    [() => x.expand(4, 3), /Cannot expand to \[4, 3\]/]
  ])('%#', (f, message) => {
    expect(f).toThrow(message);
  });
});

describe('making and joining', () => {
  it('makes constants', () => {
    expect(zeros([2, 1]).tolist()).toEqual([[0], [0]]);
    expect(ones([2], 'int64').data).toEqual(new BigInt64Array([1n, 1n]));
    expect(full([2], 0.5).tolist()).toEqual([0.5, 0.5]);
    expect(eye(2).tolist()).toEqual([
      [1, 0],
      [0, 1]
    ]);
    expect(arange(5).tolist()).toEqual([0, 1, 2, 3, 4]);
    expect(arange(1, 2, 0.25).tolist()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(3, 0, -1).tolist()).toEqual([3, 2, 1]);
    expect(linspace(0, 1, 3).tolist()).toEqual([0, 0.5, 1]);
    expect(() => zeros([-1])).toThrow(RangeError);
    expect(() => arange(0, 5, 0)).toThrow(RangeError);
  });

  it('joins along any axis', () => {
    const [a, b] = [tensor([[1, 2]]), tensor([[3, 4]])];
    expect(cat([a, b]).tolist()).toEqual([
      [1, 2],
      [3, 4]
    ]);
    expect(cat([a, b], -1).tolist()).toEqual([[1, 2, 3, 4]]);
    expect(stack([a, b], -1).dims).toEqual([1, 2, 2]);
    expect(cat([a, ones([1, 2])]).dtype).toBe('float32');
  });

  it('chooses by a condition', () => {
    expect(where(tensor([true, false]), tensor([1.5, 2.5]), -Infinity).tolist()).toEqual([1.5, -Infinity]);
  });

  it('draws numbers that depend on the seed alone and have the right spread', () => {
    expect(randn([4], 3).tolist()).toEqual(randn([4], 3).tolist());
    expect(randn([4], 3).tolist()).not.toEqual(randn([4], 4).tolist());
    const many = randn([20001], 1);
    expect(Math.abs(many.mean().item())).toBeLessThan(0.03); // 4 standard errors
    expect(Math.abs(many.std().item() - 1)).toBeLessThan(0.03);
    const even = rand([10000], 1);
    expect(even.min().item()).toBeGreaterThanOrEqual(0);
    expect(Math.abs(even.mean().item() - 0.5)).toBeLessThan(0.015);
  });
});

describe('Tensor.allclose()', () => {
  it('compares with the tolerance of the second value', () => {
    expect(tensor([1.0001]).allclose([1.0])).toBe(false);
    expect(tensor([1.0001]).allclose([1.0], { rtol: 1e-3 })).toBe(true);
    expect(tensor([NaN]).allclose([NaN])).toBe(false);
    expect(tensor([NaN]).allclose([NaN], { equal_nan: true })).toBe(true);
    expect(tensor([Infinity]).allclose([Infinity])).toBe(true);
  });

  it('is strict in equal() and tells the largest difference', () => {
    expect(tensor([1, 2]).equal(tensor([1, 2]))).toBe(true);
    expect(tensor([1, 2]).equal(tensor([[1, 2]]))).toBe(false);
    expect(tensor([1, 2]).max_difference([1, 2.5])).toBe(0.5);
    expect(tensor([1, NaN]).max_difference([1, 2])).toBeNaN();
  });
});

describe('Tensor display', () => {
  it('gives text and a short table', () => {
    const show = (ones([2, 20, 30]) as unknown as Record<symbol, () => Record<string, string>>)[
      Symbol.for('Jupyter.display')
    ]!;
    const bundle = show.call(ones([2, 20, 30]));
    expect(bundle['text/plain']).toMatch(/^tensor\(\[\[\[1\., 1\., 1\.,  \.\.\., 1\., 1\., 1\.\]/);
    expect(bundle['text/html']).toContain('<caption>Tensor [2, 20, 30] float32, [0] shown</caption>');
    expect(bundle['text/html']!.length).toBeLessThan(2000);
  });
});
