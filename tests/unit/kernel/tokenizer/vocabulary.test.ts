import { smallTokenizer } from './small';

describe('TokenizerVocabulary', () => {
  it('converts between ids and tokens; what is unknown is null', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.convert_ids_to_tokens(259)).toBe('hello');
    expect(tokenizer.convert_ids_to_tokens([259, 9999, 265])).toEqual(['hello', null, '<|end|>']);
    expect(tokenizer.convert_ids_to_tokens([259, 265], true)).toEqual(['hello']);
    expect(tokenizer.convert_tokens_to_ids(['hello', 'nothing'])).toEqual([259, null]);
    tokenizer.unk_token = '<|end|>';
    expect(tokenizer.convert_tokens_to_ids('nothing')).toBe(265);
  });

  it('vocab_size leaves added tokens out, size counts them', async () => {
    const tokenizer = await smallTokenizer();
    expect([tokenizer.vocab_size, tokenizer.size]).toEqual([265, 266]);
    expect(tokenizer.get_vocab().get('<|end|>')).toBe(265);
    expect([...tokenizer.get_added_vocab()]).toEqual([['<|end|>', 265]]);
  });

  it('add_tokens() gives new tokens the next ids and matches them whole', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.add_tokens(['lowo', 'hello'])).toBe(2);
    expect(tokenizer.convert_tokens_to_ids('lowo')).toBe(266);
    expect(tokenizer.tokenize('hellowo')).toEqual(['hello', 'w', 'o']);
    expect(tokenizer.tokenize('lowo')).toEqual(['lowo']);
    expect(tokenizer.add_tokens('lowo')).toBe(0);
    expect(() => tokenizer.add_tokens([{} as { content: string }])).toThrow(TypeError);
  });

  it('add_special_tokens() sets names and refuses others', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.add_special_tokens({ pad_token: '[PAD]', additional_special_tokens: ['<image>'] })).toBe(2);
    expect([tokenizer.pad_token, tokenizer.pad_token_id]).toEqual(['[PAD]', 266]);
    expect(tokenizer.all_special_tokens).toEqual(['<|end|>', '[PAD]', '<image>']);
    expect(tokenizer.all_special_ids).toEqual([265, 266, 267]);
    expect(tokenizer.decode([259, 267], { skip_special_tokens: true })).toBe('hello');
    expect(() => tokenizer.add_special_tokens({ padding: 'x' } as object)).toThrow(/"padding"/);
  });

  it('special tokens can be set by text, by id, and taken away', async () => {
    const tokenizer = await smallTokenizer();
    tokenizer.bos_token_id = 259;
    expect(tokenizer.bos_token).toBe('hello');
    tokenizer.bos_token = null;
    expect([tokenizer.bos_token, tokenizer.bos_token_id]).toEqual([null, null]);
    expect(() => (tokenizer.bos_token_id = 9999)).toThrow(RangeError);
    expect(() => (tokenizer.bos_token = 5 as unknown as string)).toThrow(TypeError);
  });

  it('add_bos_token and add_eos_token put the tokens around every text', async () => {
    const tokenizer = await smallTokenizer({ bos_token: '<|end|>' });
    tokenizer.add_bos_token = true;
    tokenizer.add_eos_token = true;
    expect(tokenizer.encode('hello')).toEqual([265, 259, 265]);
    tokenizer.bos_token = null;
    tokenizer.update_post_processor();
    expect(tokenizer.add_bos_token).toBe(false);
  });
});
