import { Tensor } from '../tensor/tensor';
import type { Decoding, DecodingContext } from './decoding';
import { logitsAt } from './logits';
import { StepRecord } from './output';
import { prefill, updateModelKwargs } from './prepare-inputs';
import { multinomial } from './random';
import { argmax, scoreRow, softmax, tokenRows, tokenTensor } from './rows';
import { nextTask } from './turn';

/** Greedy decoding and sampling, one token per row and step. */
export const sample: Decoding = async context => {
  const { model, parameters, processors, criteria, signal, streamer } = context;
  const record = new StepRecord(parameters, model.is_encoder_decoder);
  const endsRows = criteria.some(criterion => 'eos_token_id' in criterion);
  const rows = tokenRows(context.input_ids).map(row => [...row]);
  let input_ids = context.input_ids;
  let { kwargs } = context;
  const unfinished = rows.map(() => true);
  let aborted = signal.aborted;
  let first = true;
  while (!aborted && unfinished.includes(true)) {
    let outputs;
    if (first) {
      const firstIteration = !parameters.is_assistant;
      ({ outputs, kwargs } = await prefill(
        model,
        input_ids,
        kwargs,
        context.maskLength,
        parameters.prefill_chunk_size,
        firstIteration
      ));
      first = false;
      if (parameters.is_assistant) {
        outputs.past_key_values?.activate_past_recording?.();
      }
    } else {
      const inputs = await model.prepare_inputs_for_generation(input_ids, {
        ...kwargs,
        next_sequence_length: kwargs['use_cache'] ? 1 : undefined
      });
      outputs = await model.forward({ ...inputs, return_dict: true });
    }
    context.hold(outputs);
    kwargs = updateModelKwargs(outputs, kwargs, model.is_encoder_decoder);
    const logits = logitsAt(outputs.logits);
    const scores = await processors.__call__(input_ids, logits);
    record.add(scores, logits, outputs);
    const tokens = rows.map((row, r) => {
      // Rows that are done are drawn for too, so that what one row says does not change another's draws.
      const chosen = choose(scoreRow(scores, r), context);
      const token = endsRows && !unfinished[r] ? padToken(context) : chosen;
      row.push(token);
      return token;
    });
    input_ids = tokenTensor(rows);
    const done = await criteria.__call__(input_ids, record.scores);
    done.forEach((stop, r) => (unfinished[r] &&= !stop));
    await streamer?.put(new Tensor('int64', BigInt64Array.from(tokens, BigInt), [tokens.length]));
    await nextTask();
    aborted = signal.aborted && unfinished.includes(true);
  }
  return record.output(input_ids, kwargs, aborted);
};

function padToken({ pad }: DecodingContext): number {
  if (pad === undefined) {
    throw new TypeError('Cannot go on with a batch of which a row is done as pad_token_id must be set: it is not');
  }
  return pad;
}

function choose(row: Float32Array, context: DecodingContext): number {
  return context.parameters.do_sample ? multinomial(softmax(row), context.generator)[0]! : argmax(row);
}
