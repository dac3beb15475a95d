/** Warnings of generation: to stderr, as Python's logger writes them. */
const said = new Set<string>();

export function warn(message: string): void {
  console.warn(message);
}

/** Says a message the first time only. */
export function warnOnce(message: string): void {
  if (!said.has(message)) {
    said.add(message);
    console.warn(message);
  }
}

/** Forgets what `warnOnce` said; for tests. */
export function resetWarnings(): void {
  said.clear();
}
