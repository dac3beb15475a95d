/**
 * Instances that can be called, as in Python: `model({...})` is `model._call({...})`.
 */
export abstract class Callable {
  constructor() {
    const self = (...args: unknown[]): unknown => (self as unknown as Callable)._call(...args);
    return Object.setPrototypeOf(self, new.target.prototype) as this;
  }

  abstract _call(...args: unknown[]): unknown;
}
