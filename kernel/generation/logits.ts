import { float16ToFloat32 } from '../tensor/dtype';
import { Tensor } from '../tensor/tensor';

/**
 * Float32 scores of one position.
 *
 * @param logits What the model returned, [B, kept, V], float32 or float16.
 * @param fromEnd Which position: 1 for the last.
 * @returns A copy, [B, V].
 */
export function logitsAt(logits: Tensor | undefined, fromEnd = 1): Tensor {
  if (!logits) {
    throw new TypeError(
      'Cannot generate as the model must have a language model head: its output has no logits. Use a class for ' +
        'causal language modelling, e.g. AutoModelForCausalLM'
    );
  }
  if (logits.dims.length !== 3) {
    throw new TypeError(
      `Cannot choose a token as logits must have shape [batch, pos, vocab]: current shape is [${logits.dims}]`
    );
  }
  const [batch, kept, vocab] = logits.dims as [number, number, number];
  const data = new Float32Array(batch * vocab);
  for (let r = 0; r < batch; r++) {
    const from = (r * kept + kept - fromEnd) * vocab;
    const row = logits.data.subarray(from, from + vocab);
    if (row instanceof Uint16Array) {
      data.set(float16ToFloat32(row), r * vocab);
    } else {
      data.set(row as Float32Array, r * vocab);
    }
  }
  return new Tensor('float32', data, [batch, vocab]);
}
