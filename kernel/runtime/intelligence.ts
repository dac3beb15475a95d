/** What a session asks about types. The language service behind it lives on a thread of its own, started when asked. */
export interface Intelligence {
  /** Completions at an offset in UTF-16 units; undefined if they are not there in time. */
  complete(code: string, offset: number): Promise<{ name: string; kind: string }[] | undefined>;
  /** Signature and documentation at an offset. */
  help(code: string, offset: number): Promise<{ signature: string; doc: string } | undefined>;
  /** Type errors of a cell about to run. */
  check(code: string): Promise<{ line: number; column: number; message: string }[] | undefined>;
  /** Notes a cell that was run. */
  commit(code: string): void;
  /** Declares names that are bound at run time only. */
  declare(lines: readonly string[]): void;
}

/** What the setting `typeChecking` may be. */
export type TypeChecking = 'off' | 'warn' | 'block';
