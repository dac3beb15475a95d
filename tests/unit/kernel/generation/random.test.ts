import { multinomial, multinomialWithoutReplacement, RandomGenerator } from '../../../../kernel/generation/random';

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

  it('RandomGenerator gives numbers in [0, 1) as numpy does from the same seed', () => {
    // numpy.random.RandomState(7).random_sample(3)
    const generator = new RandomGenerator(7);
    const numbers = [generator.uniform(), generator.uniform(), generator.uniform()];
    [0.07630828937395717, 0.7799187922401146, 0.4384092314408935].forEach((x, i) => expect(numbers[i]).toBe(x));
  });

  it('RandomGenerator throws unless the seed is an integer', () => {
    expect(() => new RandomGenerator(1.5)).toThrow(
      'Cannot seed the generator as seed must be an integer: current value is 1.5'
    );
  });
});

describe('multinomial()', () => {
  it('multinomial() never draws what is impossible', () => {
    const generator = new RandomGenerator(1);
    const drawn = Array.from({ length: 500 }, () => multinomial([0, 0.4, 0, 0.6, 0], generator));
    expect(new Set(drawn)).toEqual(new Set([1, 3]));
  });

  it("multinomial() throws on what are no probabilities, with PyTorch's texts", () => {
    const generator = new RandomGenerator(1);
    expect(() => multinomial([NaN, 1], generator)).toThrow(
      'probability tensor contains either `inf`, `nan` or element < 0'
    );
    expect(() => multinomial([-1, 2], generator)).toThrow('probability tensor contains');
    expect(() => multinomial([0, 0], generator)).toThrow(
      'invalid multinomial distribution (sum of probabilities <= 0)'
    );
  });
});

describe('multinomialWithoutReplacement()', () => {
  it('multinomialWithoutReplacement() draws different indices', () => {
    const generator = new RandomGenerator(2);
    for (let i = 0; i < 20; i++) {
      expect(multinomialWithoutReplacement([0.1, 0.7, 0.1, 0.1], 4, generator).sort()).toEqual([0, 1, 2, 3]);
    }
  });

  it('multinomialWithoutReplacement() throws when too few are possible', () => {
    expect(() => multinomialWithoutReplacement([0, 1], 2, new RandomGenerator(2))).toThrow(
      'Cannot draw 2 different tokens as so many must have a probability above zero: current value is 1'
    );
  });
});
