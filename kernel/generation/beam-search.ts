import { Tensor } from '../tensor/tensor';
import type { Decoding, DecodingContext } from './decoding';
import { logitsAt } from './logits';
import type { GenerationCache } from './model';
import { StepRecord } from './output';
import { prefill, updateModelKwargs } from './prepare-inputs';
import { multinomial } from './random';
import { editRows, logSoftmax, scoreData, softmax, tokenRows, tokenTensor, topK } from './rows';
import { nextTask } from './turn';

/** Subtracted from scores that must not win. Python's number: differences in the last digits decide ties as there. */
const LOST = -1e9;

/** A text under way, or finished. */
interface Beam {
  /** Prompt and answer so far. */
  readonly ids: readonly number[];
  /** Row of the batch each token of the answer came from. */
  readonly rows: readonly number[];
  /** Sum of log-probabilities; of a finished text, divided by its length to the power length_penalty. Float32. */
  readonly score: number;
}

/** Beams of one prompt. */
interface Group {
  running: Beam[];
  finished: Beam[];
  /** Which of `finished` really are; the others are places still to be filled. */
  isFinished: boolean[];
  /** Whether a running text may still beat a finished one. */
  improvable: boolean;
}

/** A continuation of a beam by one token. */
interface Candidate extends Beam {
  readonly stops: boolean;
}

/**
 * Beam search and beam sampling: the vectorised algorithm of transformers 5, whose results differ in detail from the
 * older one with hypotheses.
 *
 * @see transformers/generation/utils.py, GenerationMixin._beam_search
 */
export const beamSearch: Decoding = async context => {
  const { model, parameters: p, processors, criteria, signal } = context;
  const beams = p.num_beams;
  const prompts = tokenRows(context.input_ids);
  const promptLength = prompts[0]!.length;
  const batch = prompts.length / beams;
  const keep = Math.max(2, 1 + (context.eos?.length ?? 0)) * beams;
  const record = new StepRecord(p, model.is_encoder_decoder);
  // All beams of a prompt are the same at first, so all but one start without a chance.
  const groups: Group[] = Array.from({ length: batch }, (_, b) => {
    const row = (score: (k: number) => number): Beam[] =>
      Array.from({ length: beams }, (_unused, k) => ({ ids: prompts[b * beams + k]!, rows: [], score: score(k) }));
    return {
      running: row(k => (k ? LOST : 0)),
      finished: row(() => LOST),
      isFinished: new Array<boolean>(beams).fill(false),
      improvable: true
    };
  });
  let input_ids = context.input_ids;
  let { kwargs } = context;
  let length = promptLength;
  let first = true;
  let aborted = signal.aborted;
  for (let done = false; !done && !aborted;) {
    let outputs;
    if (first) {
      ({ outputs, kwargs } = await prefill(model, input_ids, kwargs, context.maskLength, p.prefill_chunk_size));
      first = false;
    } else {
      input_ids = tokenTensor(groups.flatMap(group => group.running.map(beam => beam.ids)));
      const inputs = await model.prepare_inputs_for_generation(input_ids, {
        ...kwargs,
        next_sequence_length: kwargs['use_cache'] ? 1 : undefined
      });
      outputs = await model.forward({ ...inputs, return_dict: true });
    }
    context.hold(outputs);
    kwargs = updateModelKwargs(outputs, kwargs, model.is_encoder_decoder);
    const logits = logitsAt(outputs.logits);
    const logProbs = await processors.__call__(
      input_ids,
      editRows(logits, row => void logSoftmax(row, row))
    );
    record.add(logProbs, logits, outputs);
    const candidates = groups.map((group, b) => continuations(group, b * beams, logProbs, keep, context));
    const stops = await criteria.__call__(tokenTensor(candidates.flatMap(list => list.map(c => c.ids))), record.scores);
    groups.forEach((group, b) => {
      const judged = candidates[b]!.map((c, i) => ({ ...c, stops: stops[b * keep + i]! }));
      group.running = stillRunning(judged, beams);
      finish(group, judged, length + 1 - promptLength, context);
    });
    length++;
    groups.forEach(group => (group.improvable &&= isImprovable(group, length - promptLength, promptLength, context)));
    done =
      !groups.some(group => group.improvable) ||
      (p.early_stopping === true && groups.every(group => group.isFinished.every(Boolean))) ||
      stops.every(Boolean);
    if (!done || p.return_dict_in_generate) {
      const order = groups.flatMap(group => group.running.map(beam => beam.rows[beam.rows.length - 1]!));
      await reorder(kwargs['past_key_values'] as GenerationCache | undefined, order);
    }
    await nextTask();
    aborted = !done && signal.aborted;
  }
  if (aborted) {
    groups.forEach(group => includeRunning(group, Math.max(1, length - promptLength), p.length_penalty));
  }
  return result(groups, promptLength, record, kwargs, aborted, context);
};

/** The best (or sampled) continuations of a group's beams, by accumulated log-probability. */
function continuations(
  group: Group,
  firstRow: number,
  logProbs: Tensor,
  keep: number,
  context: DecodingContext
): Beam[] {
  const vocab = logProbs.dims[1]!;
  const beams = group.running.length;
  const accumulated = scoreData(logProbs).slice(firstRow * vocab, (firstRow + beams) * vocab);
  group.running.forEach((beam, k) => {
    for (let i = k * vocab; i < (k + 1) * vocab; i++) {
      accumulated[i] = accumulated[i]! + beam.score;
    }
  });
  const chosen = context.parameters.do_sample ? draw(accumulated, keep, context) : topK(accumulated, keep).indices;
  return chosen.map(at => {
    const k = Math.floor(at / vocab);
    const from = group.running[k]!;
    return { ids: [...from.ids, at % vocab], rows: [...from.rows, firstRow + k], score: accumulated[at]! };
  });
}

/** Different continuations drawn by their probabilities; when too few are possible, the best of the rest follow. */
function draw(accumulated: Float32Array, keep: number, context: DecodingContext): number[] {
  const drawn = multinomial(softmax(accumulated), context.generator, keep);
  if (drawn.length < keep) {
    const taken = new Set(drawn);
    const rest = topK(accumulated, keep + drawn.length).indices.filter(i => !taken.has(i));
    drawn.push(...rest.slice(0, keep - drawn.length));
  }
  return drawn;
}

/** The best continuations that do not stop; those that do come last. */
function stillRunning(candidates: readonly Candidate[], beams: number): Beam[] {
  const scores = Float32Array.from(candidates, c => (c.stops ? c.score + LOST : c.score));
  return topK(scores, beams).indices.map(i => ({
    ids: candidates[i]!.ids,
    rows: candidates[i]!.rows,
    score: scores[i]!
  }));
}

/** Puts continuations that just stopped among the finished, if they are good enough. */
function finish(
  group: Group,
  candidates: readonly Candidate[],
  newTokens: number,
  { parameters: p }: DecodingContext
): void {
  const beams = group.running.length;
  const divisor = Math.fround(newTokens ** p.length_penalty);
  const isFull = p.early_stopping === true && group.isFinished.every(Boolean);
  // Only the best num_beams continuations may finish: a worse one would not be reached by a greedier search.
  const just = candidates.map((c, i) => c.stops && i < beams);
  const scores = Float32Array.from([
    ...group.finished.map(beam => beam.score),
    ...candidates.map((c, i) => {
      const penalties = [isFull, !group.improvable, !just[i]];
      return penalties.reduce((score, lost) => Math.fround(score + (lost ? LOST : 0)), Math.fround(c.score / divisor));
    })
  ]);
  const all: Beam[] = [...group.finished, ...candidates];
  const flags = [...group.isFinished, ...just];
  const best = topK(scores, beams).indices;
  group.finished = best.map(i => ({ ids: all[i]!.ids, rows: all[i]!.rows, score: scores[i]! }));
  group.isFinished = best.map(i => flags[i]!);
}

/** Whether the best running text can still beat the worst finished one. */
function isImprovable(
  group: Group,
  newTokens: number,
  promptLength: number,
  { parameters: p }: DecodingContext
): boolean {
  const longest = p.early_stopping === 'never' && p.length_penalty > 0 ? p.max_length - promptLength : newTokens;
  const best = Math.fround(group.running[0]!.score / Math.fround(longest ** p.length_penalty));
  const worst = Math.min(...group.finished.map(beam => beam.score));
  return group.isFinished.some(finished => best > (finished ? worst : Math.fround(LOST)));
}

async function reorder(cache: GenerationCache | null | undefined, rows: readonly number[]): Promise<void> {
  if (cache && rows.some((row, i) => row !== i)) {
    await cache.reorder_cache(rows);
  }
}

/** For a search that was ended: running texts count as finished where there are not enough of those. */
function includeRunning(group: Group, newTokens: number, lengthPenalty: number): void {
  const beams = group.running.length;
  const running = group.running.map(beam => ({ ...beam, score: Math.fround(beam.score / newTokens ** lengthPenalty) }));
  const all = [...group.finished.filter((_, i) => group.isFinished[i]), ...running];
  group.finished = all.sort((a, b) => b.score - a.score).slice(0, beams);
}

function result(
  groups: readonly Group[],
  promptLength: number,
  record: StepRecord,
  kwargs: Readonly<Record<string, unknown>>,
  aborted: boolean,
  { parameters: p, eos, pad }: DecodingContext
): ReturnType<StepRecord['output']> {
  const texts = groups.flatMap(group => group.finished.slice(0, p.num_return_sequences));
  const steps = Math.max(...texts.map(beam => beam.rows.length));
  // As in Python, where a pad token of 0 counts as none here.
  const fill = eos ? pad || eos[0]! : -1;
  const padded = (list: readonly number[], length: number, value: number): number[] => [
    ...list,
    ...new Array<number>(length - list.length).fill(value)
  ];
  const sequences = tokenTensor(texts.map(beam => padded(beam.ids, promptLength + steps, fill)));
  const indices = texts.flatMap(beam => padded(beam.rows, steps, -1));
  return record.output(sequences, kwargs, aborted, {
    sequences_scores: p.output_scores
      ? new Tensor(
          'float32',
          Float32Array.from(texts, beam => beam.score),
          [texts.length]
        )
      : undefined,
    beam_indices: p.return_dict_in_generate
      ? new Tensor('int32', Int32Array.from(indices), [texts.length, steps])
      : undefined
  });
}
