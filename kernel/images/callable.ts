/**
 * Instances that can be called, as Python's `processor(images)`: calling one calls its `_call`.
 */
export abstract class Callable<A extends unknown[], R> {
  constructor() {
    const self = ((...args: A) => self._call(...args)) as unknown as this;
    return Object.setPrototypeOf(self, new.target.prototype) as this;
  }

  /** What a call of the instance does. */
  abstract _call(...args: A): R;
}
