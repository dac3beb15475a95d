/** Strings (by index in fixtures/strings.json) that come out differently from Python; each is explained in README.md. */
export const EXPECTED_MISMATCHES: Readonly<Record<string, { encode?: readonly number[]; decode?: readonly number[] }>> =
  {};
