/**
 * The merges a vocabulary implies, for files that do not list any: every way to cut a piece into two known ones.
 *
 * @param vocab Token → id.
 * @param scores Token → score where higher is better; without it the order of the vocabulary counts.
 * @returns Pairs, best first, in the order Python's `generate_merges` gives.
 * @see transformers/tokenization_utils_base.py, generate_merges
 */
export function generateMerges(
  vocab: ReadonlyMap<string, number>,
  scores?: ReadonlyMap<string, number>
): [string, string][] {
  interface Merge {
    left: string;
    right: string;
    score: number;
    leftLength: number;
    rightLength: number;
  }
  const merges: Merge[] = [];
  for (const [piece, score] of scores ?? vocab) {
    checkPieceLength(piece);
    const found: Merge[] = [];
    const chars = [...piece];
    let left = '';
    for (let i = 1; i < chars.length; i++) {
      left += chars[i - 1]!;
      const right = piece.slice(left.length);
      if (vocab.has(left) && vocab.has(right)) {
        found.push({ left, right, score, leftLength: i, rightLength: chars.length - i });
      }
    }
    found.sort((a, b) => vocab.get(a.left)! - vocab.get(b.left)! || vocab.get(a.right)! - vocab.get(b.right)!);
    merges.push(...found);
  }
  // Python sorts with reverse=True for scores: descending, equal ones in their first order. Both sorts are stable.
  const sign = scores ? -1 : 1;
  merges.sort(
    (a, b) =>
      sign * (a.score - b.score) || sign * (a.leftLength - b.leftLength) || sign * (a.rightLength - b.rightLength)
  );
  return merges.map(merge => [merge.left, merge.right]);
}

/** Cutting a piece in every place takes time that grows with the square of its length; real ones are below 500. */
const LONGEST_PIECE = 8192;

/** @throws {SyntaxError} If a piece is too long to be one. */
export function checkPieceLength(piece: string): void {
  if (piece.length > LONGEST_PIECE) {
    throw new SyntaxError(
      `Cannot read the vocabulary as a piece must be at most ${LONGEST_PIECE} long: one is ${piece.length}`
    );
  }
}
