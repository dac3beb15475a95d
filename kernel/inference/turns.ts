/**
 * One run at a time per engine: neither the WASM heap nor a GPU queue may be entered twice.
 */
const last = new WeakMap<object, Promise<unknown>>();

/** Runs `work` when everything asked of `owner` before has ended. */
export function inTurn<T>(owner: object, work: () => Promise<T>): Promise<T> {
  const before = last.get(owner) ?? Promise.resolve();
  const turn = before.then(work, work);
  last.set(
    owner,
    turn.catch(() => undefined)
  );
  return turn;
}
