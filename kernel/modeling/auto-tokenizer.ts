import { openGguf } from '../checkpoint/open';
import type { ModelFolder } from '../host/host';
import { readAll } from '../host/read';
import { loadTokenizer } from '../tokenizer/load';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { PretrainedOptions } from './load';
import { readRawConfig, resolveModel } from './load';

/** Options that say where to find a tokenizer; others override tokenizer_config.json. */
const PLACE = new Set([
  'local_files_only',
  'revision',
  'subfolder',
  'token',
  'cache_dir',
  'signal',
  'progress_callback',
  'gguf_file',
  'trust_remote_code',
  'use_fast'
]);

/** Loads tokenizers. */
export class AutoTokenizer {
  /**
   * Loads a model's tokenizer from whatever files it has (tokenizer.json, vocab.json + merges.txt, tokenizer.model,
   * vocab.txt, *.tiktoken, GGUF metadata).
   *
   * @param name Folder, GGUF file or repository id.
   * @param options Where to look, and overrides such as `padding_side`.
   * @example
   * const tokenizer = await AutoTokenizer.from_pretrained('SmolLM2-135M-Instruct');
   * tokenizer('The capital of France is').input_ids.tolist();
   */
  static async from_pretrained(name: string, options: PretrainedOptions = {}): Promise<PreTrainedTokenizer> {
    const folder = await resolveModel(name, options);
    return AutoTokenizer.fromFolder(folder, name, options);
  }

  /** The same for a folder already resolved. */
  static async fromFolder(
    folder: ModelFolder,
    name: string,
    options: PretrainedOptions = {}
  ): Promise<PreTrainedTokenizer> {
    const overrides = Object.fromEntries(Object.entries(options).filter(([key]) => !PLACE.has(key)));
    const hasTokenizer = await folder.open('tokenizer.json');
    const useGguf =
      options.gguf_file !== undefined ||
      folder.gguf !== undefined ||
      (!hasTokenizer && !(await folder.open('config.json')));
    const gguf = useGguf ? await openGguf(folder, options as { gguf_file?: string }) : undefined;
    const raw = await readRawConfig(folder, options).catch(() => ({}) as Record<string, unknown>);
    const text = (key: string): string | undefined => (typeof raw[key] === 'string' ? (raw[key] as string) : undefined);
    const model_type = text('model_type');
    const tokenizer_class = text('tokenizer_class');
    return loadTokenizer(
      {
        read: async file => {
          const source = await folder.open(file);
          return source && readAll(source, options.signal);
        },
        list: () => folder.list(),
        ...(model_type === undefined ? {} : { model_type }),
        ...(tokenizer_class === undefined ? {} : { tokenizer_class }),
        ...(gguf ? { gguf: { metadata: gguf.metadata as Record<string, unknown> } } : {})
      },
      { name_or_path: name, ...overrides }
    );
  }
}
