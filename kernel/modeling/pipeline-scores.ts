/** Scores of classes, shared by the classification pipelines. */
import type { PretrainedConfig } from '../config/config';
import type { Tensor } from '../tensor/tensor';

export const SCORE_FUNCTIONS = ['sigmoid', 'softmax', 'none'] as const;
export type ScoreFunction = (typeof SCORE_FUNCTIONS)[number];

/** One class and how likely it is. */
export interface LabelScore {
  label: string;
  score: number;
}

/** Reads `function_to_apply`. @throws {RangeError} If it is not one of the three. */
export function readScoreFunction(value: unknown): ScoreFunction | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const name = String(value).toLowerCase() as ScoreFunction;
  if (!SCORE_FUNCTIONS.includes(name)) {
    const known = SCORE_FUNCTIONS.map(f => `'${f}'`).join(', ');
    throw new RangeError(`${String(value)} is not a valid ClassificationFunction, please select one of [${known}]`);
  }
  return name;
}

/**
 * Scores of all classes in the model's order.
 *
 * @param logits [1, classes].
 * @param asked What to make of them; by default what the configuration's problem type implies.
 */
export function labelScores(logits: Tensor, config: PretrainedConfig, asked: ScoreFunction | undefined): LabelScore[] {
  const apply = asked ?? impliedFunction(config);
  const row = logits.select(0, 0).float();
  const scores = apply === 'sigmoid' ? row.sigmoid() : apply === 'softmax' ? row.softmax(-1) : row;
  return Array.from(scores.data as Float32Array, (score, i) => ({ label: config.id2label[String(i)]!, score }));
}

function impliedFunction(config: PretrainedConfig): ScoreFunction {
  const { problem_type } = config as { problem_type?: string | null };
  if (problem_type === 'regression') {
    return 'none';
  }
  return problem_type === 'multi_label_classification' || config.num_labels === 1 ? 'sigmoid' : 'softmax';
}

/** Highest first; equal ones stay in order. */
export function byScore<T extends { readonly score: number }>(scores: readonly T[]): T[] {
  return [...scores].sort((a, b) => b.score - a.score);
}
