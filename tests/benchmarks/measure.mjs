/**
 * The cell both places run: load, a prompt, then one token after another. Returned as source, because it runs where the
 * model does. Times are milliseconds.
 */
export const measureSource = ({ name, prompt, tokens, dtype, device }) => `
  const ids = Array.from({ length: ${prompt} }, (_, i) => 504 + ((i * 7) % 3000));
  const phases = { read: 0, convert: 0, session: 0 };
  let readFrom;
  const progress_callback = e => {
    if (e.ms !== undefined) phases[e.phase] += e.ms;
    else if (e.phase === 'read') phases.read = performance.now() - (readFrom ??= performance.now());
  };
  const marks = [['start', performance.now()]];
  const mark = label => marks.push([label, performance.now()]);
  const model = await AutoModelForCausalLM.from_pretrained(${JSON.stringify(name)}, { dtype: '${dtype}', device: '${device}', local_files_only: true, progress_callback });
  mark('loaded');
  let out = await model({ input_ids: [ids], logits_to_keep: 1 });
  mark('first logits');
  out = await model({ input_ids: [ids], logits_to_keep: 1 });
  mark('prefill');
  for (let i = 0; i < ${tokens}; i++) {
    out = await model({ input_ids: [[504]], past_key_values: out.past_key_values });
  }
  mark('decode');
  await model({ input_ids: [ids], use_cache: false });
  mark('forward');
  await model({ input_ids: [ids], use_cache: false, output_attentions: true, output_hidden_states: true });
  mark('forward with attentions and hidden states');
  const bytes = (await memory()).models.at(-1).bytes;
  console.log('RESULT' + JSON.stringify({ marks, bytes, phases, device: model.device, dtype: model.dtype }));
`;

/** The figures of one run. */
export function figures({ marks, bytes, phases, device, dtype }, { prompt, tokens }, more) {
  const took = Object.fromEntries(marks.slice(1).map(([label, at], i) => [label, (at - marks[i][1]) / 1000]));
  const round = value => Number(value.toPrecision(4));
  return {
    device,
    dtype,
    load_s: round(took['loaded']),
    read_s: round(phases.read / 1000),
    convert_s: round(phases.convert / 1000),
    session_s: round(phases.session / 1000),
    first_logits_s: round(took['loaded'] + took['first logits']),
    prefill_tokens_per_s: round(prompt / took['prefill']),
    decode_tokens_per_s: round(tokens / took['decode']),
    capture_ratio: round(took['forward with attentions and hidden states'] / took['forward']),
    weights_mib: round(bytes / 2 ** 20),
    ...more
  };
}
