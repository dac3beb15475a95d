import { loadTokenizer } from '../../../../kernel/tokenizer/load';
import { SPEC } from './small';

const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const files =
  (contents: Record<string, unknown>): ((name: string) => Promise<Uint8Array | undefined>) =>
  async name =>
    contents[name] === undefined ? undefined : encode(contents[name]);

describe('loadTokenizer()', () => {
  it('says which files it looked for when there is none', async () => {
    await expect(loadTokenizer({ read: files({}) }, { name_or_path: 'somewhere' })).rejects.toThrow(
      /from somewhere as it must have one of tokenizer.json.*vocab.txt/
    );
  });

  it('names the file that is no JSON', async () => {
    await expect(loadTokenizer({ read: files({ 'tokenizer.json': '{' }) })).rejects.toThrow(
      /tokenizer.json as it must be JSON/
    );
    await expect(
      loadTokenizer({ read: files({ 'tokenizer.json': SPEC, 'tokenizer_config.json': '[]' }) })
    ).rejects.toThrow(/tokenizer_config.json as it must be an object/);
  });

  it('names the part it does not know', async () => {
    const broken = { ...SPEC, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Magic' }] } };
    await expect(loadTokenizer({ read: files({ 'tokenizer.json': broken }) })).rejects.toThrow(
      /pre_tokenizer.pretokenizers\[0\].type.*"Magic"/
    );
  });

  it('puts a chat_template.jinja before the configuration, and adds named ones', async () => {
    const contents = {
      'tokenizer.json': SPEC,
      'tokenizer_config.json': { chat_template: 'old' },
      'chat_template.jinja': 'new',
      'additional_chat_templates/tool_use.jinja': 'tools'
    };
    const read = files(contents);
    expect((await loadTokenizer({ read })).get_chat_template()).toBe('new');
    const listed = await loadTokenizer({ read, list: async () => Object.keys(contents) });
    expect([listed.get_chat_template(), listed.get_chat_template(null, [{}])]).toEqual(['new', 'tools']);
  });

  it('lets options override tokenizer_config.json', async () => {
    const read = files({ 'tokenizer.json': SPEC, 'tokenizer_config.json': { padding_side: 'right' } });
    const tokenizer = await loadTokenizer({ read }, { padding_side: 'left', pad_token: 'he', name_or_path: 'm' });
    expect([tokenizer.padding_side, tokenizer.pad_token_id, tokenizer.name_or_path]).toEqual(['left', 256, 'm']);
  });

  it('does not let __proto__ and friends in JSON do anything', async () => {
    const evil = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"eos_token":"he"}';
    const read = files({ 'tokenizer.json': SPEC, 'tokenizer_config.json': evil });
    const tokenizer = await loadTokenizer({ read });
    expect(tokenizer.eos_token).toBe('he');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const vocab = JSON.parse('{"__proto__": 0, "constructor": 1, "toString": 2}') as Record<string, number>;
    const words = await loadTokenizer({
      read: files({
        'tokenizer.json': {
          ...SPEC,
          added_tokens: [],
          pre_tokenizer: { type: 'WhitespaceSplit' },
          model: { type: 'WordLevel', vocab, unk_token: 'toString' }
        }
      })
    });
    expect(words.encode('__proto__ constructor hasOwnProperty')).toEqual([0, 1, 2]);
  });

  it('refuses expressions that could take for ever', async () => {
    for (const Regex of ['(a+)+$', '(a|aa)*b', '(?:x{2,})*', '((ab?)+c)*']) {
      const spec = {
        ...SPEC,
        pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }
      };
      await expect(loadTokenizer({ read: files({ 'tokenizer.json': spec }) })).rejects.toThrow(/could take for ever/);
    }
  });

  it('builds Qwen2 from a tokenizer.json without its normaliser, as Python does', async () => {
    const read = files({ 'tokenizer.json': SPEC, 'tokenizer_config.json': { tokenizer_class: 'Qwen2TokenizerFast' } });
    const tokenizer = await loadTokenizer({ read, model_type: 'qwen2' });
    expect(tokenizer.class_name).toBe('Qwen2Tokenizer');
    expect(tokenizer.encode('e\u0301')).toEqual(tokenizer.encode('é'));
  });
});
