/**
 * Checks `attn_implementation`. Attention is always computed openly here, so 'sdpa' means the same as 'eager'.
 * @throws {RangeError} If it is neither.
 */
export function checkAttention(name: string): void {
  if (!['eager', 'sdpa'].includes(name)) {
    throw new RangeError(
      `Cannot use attn_implementation as it must be 'eager' (attention is always computed openly here; 'sdpa' is taken as the same): current value is ${name}`
    );
  }
}
