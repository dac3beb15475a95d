import { tokenTensor } from '../../../../kernel/generation/rows';
import {
  ConfidenceCriteria,
  EosTokenCriteria,
  MaxLengthCriteria,
  MaxTimeCriteria
} from '../../../../kernel/generation/stopping-criteria';
import { resetWarnings } from '../../../../kernel/generation/warnings';
import { Tensor } from '../../../../kernel/tensor/tensor';

describe('MaxLengthCriteria', () => {
  it('MaxLengthCriteria stops at its length', () => {
    const criterion = new MaxLengthCriteria(3);
    expect(
      [
        [1, 2],
        [1, 2, 3],
        [1, 2, 3, 4]
      ].map(row => criterion.__call__(tokenTensor([row])))
    ).toEqual([false, true, true]);
  });

  it('MaxLengthCriteria reminds once when the model was not made for so long a text', () => {
    resetWarnings();
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const criterion = new MaxLengthCriteria(9, 2);
    criterion.__call__(tokenTensor([[1, 2, 3]]));
    criterion.__call__(tokenTensor([[1, 2, 3, 4]]));
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]![0]).toContain("has exceeded the model's predefined maximum length (2)");
    warned.mockRestore();
  });
});

describe('MaxTimeCriteria', () => {
  it('MaxTimeCriteria stops when the time since its start is over', () => {
    const now = Date.now() / 1000;
    expect(new MaxTimeCriteria(5, now - 6).__call__()).toBe(true);
    expect(new MaxTimeCriteria(5, now).__call__()).toBe(false);
  });
});

describe('EosTokenCriteria', () => {
  it('EosTokenCriteria looks at the last token of each row', () => {
    expect(
      new EosTokenCriteria([7, 9]).__call__(
        tokenTensor([
          [7, 1],
          [1, 9],
          [1, 7]
        ])
      )
    ).toEqual([false, true, true]);
    expect(new EosTokenCriteria(7).__call__(tokenTensor([[7]]))).toEqual([true]);
  });
});

describe('ConfidenceCriteria', () => {
  const scores = [new Tensor('float32', Float32Array.of(0, Math.log(3)), [1, 2])];

  it('ConfidenceCriteria stops where the last token was less probable than the threshold', () => {
    // Probabilities are 1/4 and 3/4.
    expect(new ConfidenceCriteria(0.5).__call__(tokenTensor([[0]]), scores)).toBe(true);
    expect(new ConfidenceCriteria(0.5).__call__(tokenTensor([[1]]), scores)).toBe(false);
    expect(new ConfidenceCriteria(0.8).__call__(tokenTensor([[1]]), scores)).toBe(true);
  });

  it('ConfidenceCriteria throws without scores', () => {
    expect(() => new ConfidenceCriteria(0.5).__call__(tokenTensor([[1]]), undefined)).toThrow('set output_scores');
  });
});
