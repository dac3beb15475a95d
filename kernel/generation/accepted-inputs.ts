import type { GenerativeModel } from './model';

/** Inputs that the loop itself reads or that `prepare_inputs_for_generation` of the library takes. */
const PREPARED = [
  'input_ids',
  'past_key_values',
  'attention_mask',
  'inputs_embeds',
  'use_cache',
  'next_sequence_length',
  'is_first_iteration',
  'encoder_outputs',
  'output_attentions',
  'output_hidden_states',
  'position_ids'
];

/**
 * Checks that the model reads every input it is given, so that a misspelt option is an error.
 *
 * Python looks at the signatures of `forward` and `prepare_inputs_for_generation`. Here the library's classes list what
 * they read, and for a class written in a cell its text is searched for the name.
 *
 * @param model The model.
 * @param inputs What `generate` was given beyond its own options.
 * @throws {TypeError} With Python's text, naming the inputs nobody reads.
 */
export function checkAcceptedInputs(model: GenerativeModel, inputs: Readonly<Record<string, unknown>>): void {
  const accepted = new Set([...PREPARED, ...model.forward_parameters]);
  if (model.is_encoder_decoder) {
    ['decoder_input_ids', 'decoder_attention_mask', 'decoder_inputs_embeds', 'decoder_position_ids'].forEach(name =>
      accepted.add(name)
    );
    for (const name of model.get_encoder?.().forward_parameters ?? []) {
      accepted.add(name);
    }
  }
  const unused = Object.entries(inputs)
    .filter(([name, value]) => value != null && !accepted.has(name) && !isMentioned(model, name))
    .map(([name]) => `'${name}'`);
  if (unused.length) {
    throw new TypeError(
      `The following \`model_kwargs\` are not used by the model: [${unused.join(', ')}] (note: typos in the generate ` +
        'arguments will also show up in this list)'
    );
  }
}

/** Does a class below the one that declares `forward_parameters`, or a method put on the object itself, name it? */
function isMentioned(model: GenerativeModel, name: string): boolean {
  const word = new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`);
  for (const method of ['forward', 'prepare_inputs_for_generation'] as const) {
    if (Object.hasOwn(model, method) && word.test(String(model[method]))) {
      return true;
    }
  }
  let prototype = Object.getPrototypeOf(model) as object | null;
  while (prototype && prototype !== Object.prototype && !Object.hasOwn(prototype, 'forward_parameters')) {
    if (word.test(String(prototype.constructor))) {
      return true;
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return false;
}

/** Does the model's `forward` read an input of this name? */
export function accepts(model: GenerativeModel, name: string): boolean {
  for (const known of model.forward_parameters) {
    if (known === name) {
      return true;
    }
  }
  return false;
}
