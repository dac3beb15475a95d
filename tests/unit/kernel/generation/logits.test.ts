import { logitsAt } from '../../../../kernel/generation/logits';
import { Tensor } from '../../../../kernel/tensor/tensor';

describe('logitsAt()', () => {
  const logits = new Tensor(
    'float32',
    Float32Array.from({ length: 12 }, (_, i) => i),
    [2, 3, 2]
  );

  it('logitsAt() takes the last position of each row, or one before it', () => {
    expect(Array.from(logitsAt(logits).data as Float32Array)).toEqual([4, 5, 10, 11]);
    expect(Array.from(logitsAt(logits, 3).data as Float32Array)).toEqual([0, 1, 6, 7]);
    expect([...logitsAt(logits).dims]).toEqual([2, 2]);
  });

  it('logitsAt() copies', () => {
    (logitsAt(logits).data as Float32Array).fill(99);
    expect(logits.data[4]).toBe(4);
  });

  it('logitsAt() reads float16 and float64', () => {
    // 1, -2, infinity, the smallest subnormal
    const half = new Tensor('float16', Uint16Array.of(0x3c00, 0xc000, 0x7c00, 1), [1, 1, 4]);
    expect(Array.from(logitsAt(half).data as Float32Array)).toEqual([1, -2, Infinity, 2 ** -24]);
    const double = new Tensor('float64', Float64Array.of(0.5, 1), [1, 1, 2]);
    expect(logitsAt(double).data).toEqual(Float32Array.of(0.5, 1));
  });

  it('logitsAt() throws when the model has no head', () => {
    expect(() => logitsAt(undefined)).toThrow('Cannot generate as the model must have a language model head');
  });

  it('logitsAt() throws unless there are three dimensions', () => {
    expect(() => logitsAt(new Tensor('float32', new Float32Array(2), [1, 2]))).toThrow(
      'Cannot choose a token as logits must have shape [batch, pos, vocab]: current shape is [1,2]'
    );
  });
});
