import { AutoTokenizer } from './auto-tokenizer';
import type { ModelCore } from './model-core';

/**
 * What random sequences are drawn from where the caller does not say: ids that are not special, after the
 * beginning-of-sequence token. Needs the model's tokenizer; without one, the whole vocabulary.
 */
export async function drawingDefaults(
  model: ModelCore
): Promise<{ prefix: number | undefined; range: readonly [number, number] }> {
  const bos = model.config['bos_token_id'];
  const prefix = typeof bos === 'number' ? bos : undefined;
  const vocab = Number(model.config['vocab_size']);
  const tokenizer =
    model.folder && (await AutoTokenizer.fromFolder(model.folder, model.name_or_path).catch(() => undefined));
  if (!tokenizer) {
    return { prefix, range: [0, vocab] };
  }
  const special = new Set<number>([...tokenizer.all_special_ids, ...tokenizer.added_tokens_decoder.keys()]);
  let low = 0;
  while (special.has(low)) {
    low++;
  }
  const high = [...special].filter(id => id > low).reduce((min, id) => Math.min(min, id), vocab);
  return { prefix, range: [low, high] };
}
