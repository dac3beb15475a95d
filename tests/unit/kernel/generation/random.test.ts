import { multinomial, RandomGenerator } from '../../../../kernel/generation/random';

describe('RandomGenerator', () => {
  it('RandomGenerator is the Mersenne Twister', () => {
    // The C++ standard's check value for mt19937: the 10,000th output from its default seed.
    const generator = new RandomGenerator(5489);
    let last = generator.random();
    expect(last).toBe(3499211612);
    for (let i = 1; i < 10000; i++) {
      last = generator.random();
    }
    expect(last).toBe(4123659995);
  });

  it('RandomGenerator permutes as torch.randperm does on the CPU', () => {
    // torch.randperm(12, generator=torch.Generator().manual_seed(12345)), torch 2.13
    expect(Array.from(new RandomGenerator(12345).permutation(12))).toEqual([6, 5, 7, 0, 8, 2, 10, 3, 9, 11, 4, 1]);
    expect(Array.from(new RandomGenerator(12345).permutation(12, 4))).toEqual([6, 5, 7, 0]);
    // The low 32 bits of the seed count.
    expect(Array.from(new RandomGenerator(15485863 * 9).permutation(7))).toEqual([3, 0, 5, 1, 4, 2, 6]);
    expect(Array.from(new RandomGenerator(2n ** 32n + 12345n).permutation(12, 4))).toEqual([6, 5, 7, 0]);
  });

  it('RandomGenerator gives the numbers of torch.rand and Tensor.exponential_', () => {
    const generator = new RandomGenerator(3);
    expect([generator.uniform(), generator.uniform(), generator.uniform()]).toEqual([
      0.004263520240783691, 0.10556936264038086, 0.2858424782752991
    ]);
    generator.manual_seed(42);
    expect([generator.exponential(), generator.exponential(), generator.exponential()]).toEqual([
      0.05991401523351669, 0.06497612595558167, 0.13191677629947662
    ]);
  });

  it('RandomGenerator skips as if it had been asked', () => {
    for (const count of [0, 1, 623, 624, 625, 1000, 5000]) {
      const [asked, skipped] = [new RandomGenerator(8), new RandomGenerator(8)];
      asked.random();
      skipped.random();
      for (let i = 0; i < count; i++) {
        asked.random();
      }
      skipped.skip(count);
      expect(skipped.random()).toBe(asked.random());
    }
  });

  it('RandomGenerator throws unless the seed is an integer', () => {
    expect(() => new RandomGenerator(1.5)).toThrow(
      'Cannot seed the generator as seed must be an integer: current value is 1.5'
    );
  });
});

describe('multinomial()', () => {
  const probs = Float32Array.of(0.1, 0, 0.3, 0.05, 0.25, 0.2, 0, 0.1);

  it('multinomial() draws as torch.multinomial does on the CPU', () => {
    const generator = new RandomGenerator(11);
    const drawn = Array.from({ length: 12 }, () => multinomial(probs, generator)[0]);
    expect(drawn).toEqual([5, 7, 4, 4, 7, 4, 5, 7, 4, 4, 7, 5]);
    generator.manual_seed(11);
    expect([0, 1, 2].map(() => multinomial(probs, generator, 3))).toEqual([
      [5, 7, 0],
      [7, 5, 4],
      [4, 2, 5]
    ]);
  });

  it('multinomial() never draws what is impossible, nor the same twice', () => {
    const generator = new RandomGenerator(1);
    for (let i = 0; i < 50; i++) {
      expect(multinomial(probs, generator, 8).sort()).toEqual([0, 2, 3, 4, 5, 7]);
    }
  });

  it("multinomial() throws on what are no probabilities, with PyTorch's texts", () => {
    const generator = new RandomGenerator(1);
    const text = 'probability tensor contains either `inf`, `nan` or element < 0';
    expect(() => multinomial(Float32Array.of(NaN, 1), generator)).toThrow(text);
    expect(() => multinomial(Float32Array.of(-1, 2), generator)).toThrow(text);
    expect(() => multinomial(Float32Array.of(Infinity), generator)).toThrow(text);
    expect(() => multinomial(new Float32Array(2), generator)).toThrow(
      'invalid multinomial distribution (sum of probabilities <= 0)'
    );
  });
});
