/** From the text of a config.json to its model type, with the errors Python users know. */
import { isFields, type Fields } from './entry';

/**
 * Parses config.json. `NaN` and `Infinity`, which Python writes and reads, are understood.
 *
 * @param path Shown in errors.
 * @param text The file's content.
 * @throws {SyntaxError} If it is not JSON, or no object.
 */
export function parseConfig(path: string, text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    try {
      value = JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, specialFloat));
    } catch (error) {
      throw new SyntaxError(`It looks like the config file at '${path}' is not a valid JSON file.`, { cause: error });
    }
  }
  if (!isFields(value)) {
    throw new SyntaxError(
      `It looks like the config file at '${path}' is not a valid JSON file: it must hold an object, current value is ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}`
    );
  }
  return value;
}

function specialFloat(token: string): string {
  return token.startsWith('"') ? token : `{"__float__":"${token}"}`;
}

/**
 * The model type of a config.json.
 *
 * @param name Folder or repository, shown in errors.
 * @param raw The parsed file, or undefined when the folder has none.
 * @param known Model types that can be built.
 * @returns `model_type`; for Mistral with `layer_types`, 'ministral'.
 * @throws {RangeError} If there is none, or it is not a known one.
 */
export function modelTypeOf(name: string, raw: Fields | undefined, known: readonly string[]): string {
  const given = raw?.['model_type'];
  if (typeof given !== 'string' || given === '') {
    throw new RangeError(`Unrecognized model in ${name}. Should have a \`model_type\` key in its config.json.`);
  }
  const model_type = given === 'mistral' && raw && 'layer_types' in raw ? 'ministral' : given;
  if (!known.includes(model_type)) {
    throw new RangeError(
      `The checkpoint you are trying to load has model type \`${given}\` but Loupe does not recognize this architecture: known are ${known.join(', ')}. register_family({...}) adds one.`
    );
  }
  return model_type;
}
