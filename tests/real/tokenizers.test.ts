/**
 * Tokenizers of real models against Python. The files are not in the repository: they are looked for in LOUPE_MODEL_DIRS
 * and in the folder `jupyter loupe pull` fills; a model that is not there is skipped and says so.
 */
import { openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readGguf } from '../../kernel/checkpoint/gguf';
import type { ByteSource } from '../../kernel/host/host';
import { loadTokenizer } from '../../kernel/tokenizer/load';
import type { PreTrainedTokenizer } from '../../kernel/tokenizer/tokenizer';

interface Reference {
  class: string;
  special_tokens_map: Record<string, string>;
  all_special_ids: number[];
  size: number;
  encodings: [number[], number[], string | null, string | null][];
  decoded: [number[], string, string][];
  chat: string[];
}

const MODELS = [
  { name: 'smollm2', file: /smollm2.*135m.*\.gguf$/i, architecture: 'llama', tokens: 49152 },
  { name: 'qwen2.5-coder', file: /\.gguf$/i, architecture: 'qwen2', tokens: 151936 }
];
const { strings } = JSON.parse(readFileSync(join(__dirname, '../parity/tokenizers/fixtures/strings.json'), 'utf8')) as {
  strings: string[];
};

function modelFiles(): string[] {
  const home = process.env.LOUPE_HOME ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'loupe');
  const roots = [...(process.env.LOUPE_MODEL_DIRS ?? '').split(delimiter).filter(Boolean), join(home, 'models')];
  const list = (folder: string, depth: number): string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? (depth > 0 ? list(path, depth - 1) : []) : path.endsWith('.gguf') ? [path] : [];
      });
    } catch {
      return [];
    }
  };
  return roots.flatMap(root => list(root, 2));
}

function fileSource(path: string): ByteSource {
  const descriptor = openSync(path, 'r');
  return {
    name: path,
    identity: path,
    size: statSync(path).size,
    read: (begin, end) => {
      const bytes = new Uint8Array(end - begin);
      readSync(descriptor, bytes, 0, bytes.length, begin);
      return Promise.resolve(bytes);
    }
  };
}

async function findModel(model: (typeof MODELS)[number]): Promise<PreTrainedTokenizer | undefined> {
  for (const path of modelFiles().filter(file => model.file.test(file))) {
    const { metadata } = await readGguf(fileSource(path));
    const tokens = metadata['tokenizer.ggml.tokens'];
    if (
      metadata['general.architecture'] === model.architecture &&
      Array.isArray(tokens) &&
      tokens.length === model.tokens
    ) {
      return loadTokenizer({ read: async () => undefined, gguf: { metadata } });
    }
  }
  return undefined;
}

describe.each(MODELS)('$name', model => {
  const reference = JSON.parse(
    readFileSync(join(__dirname, `fixtures/tokenizer-${model.name}.json`), 'utf8')
  ) as Reference;

  it('tokenizer() and decode() equal Python for every string', async () => {
    const tokenizer = await findModel(model);
    if (!tokenizer) {
      console.warn(`skipped: no GGUF of ${model.name} in LOUPE_MODEL_DIRS or the default model folder`);
      return;
    }
    expect(tokenizer.special_tokens_map).toEqual(reference.special_tokens_map);
    expect(tokenizer.all_special_ids).toEqual(reference.all_special_ids);
    expect(tokenizer.size).toBe(reference.size);
    const faults = strings.flatMap((text, i) => {
      const [ids, offsets, decoded, clean] = reference.encodings[i]!;
      const encoding = tokenizer(text, { return_offsets_mapping: true, return_tensors: false });
      const got = [
        (encoding.input_ids as unknown as number[][])[0],
        (encoding.offset_mapping as unknown as number[][][])[0]!.flat(),
        tokenizer.decode(ids),
        tokenizer.decode(ids, { skip_special_tokens: true })
      ];
      const wanted = [ids, offsets, decoded ?? text, clean ?? text];
      return JSON.stringify(got) === JSON.stringify(wanted) ? [] : [{ text, got, wanted }];
    });
    expect(faults).toEqual([]);
    expect(reference.decoded.map(([ids]) => [ids, tokenizer.decode(ids)])).toEqual(
      reference.decoded.map(([ids, text]) => [ids, text])
    );
    const chat = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi! 你好' }
    ];
    const rendered = [chat, chat.slice(1)].flatMap(messages =>
      [false, true].map(add_generation_prompt =>
        tokenizer.apply_chat_template(messages, { add_generation_prompt, tokenize: false })
      )
    );
    expect(rendered).toEqual(reference.chat);
  });
});
