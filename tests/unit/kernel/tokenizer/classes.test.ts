import { chooseClass, isByteLevelJson } from '../../../../kernel/tokenizer/classes';

describe('chooseClass()', () => {
  // Read from transformers 5.23's AutoTokenizer.
  it.each([
    ['Qwen2Tokenizer', 'qwen2', false, 'Qwen2Tokenizer'],
    ['Qwen2TokenizerFast', 'qwen3', false, 'Qwen2Tokenizer'],
    ['LlamaTokenizerFast', 'qwen2', true, 'Qwen2Tokenizer'],
    [undefined, 'qwen2', false, 'Qwen2Tokenizer'],
    ['LlamaTokenizer', 'llama', false, 'LlamaTokenizer'],
    ['LlamaTokenizerFast', 'llama', true, 'TokenizersBackend'],
    ['PreTrainedTokenizerFast', 'llama', true, 'TokenizersBackend'],
    [undefined, 'llama', true, 'TokenizersBackend'],
    ['LlamaTokenizer', 'phi3', false, 'TokenizersBackend'],
    ['LlamaTokenizer', 'mistral', false, 'TokenizersBackend'],
    ['GPT2Tokenizer', 'gpt2', false, 'GPT2Tokenizer'],
    ['GPT2Tokenizer', 'smollm3', true, 'GPT2Tokenizer'],
    ['DistilBertTokenizer', 'distilbert', false, 'DistilBertTokenizer'],
    [undefined, 'distilbert', false, 'BertTokenizer'],
    ['BartTokenizer', 'bart', false, 'RobertaTokenizer'],
    ['T5TokenizerFast', 't5', false, 'T5Tokenizer'],
    ['SomethingOfTheirOwn', undefined, false, 'TokenizersBackend'],
    ['toString', 'constructor', false, 'TokenizersBackend']
  ])('takes %s of a %s model (byte-level: %s) for %s', (named, modelType, byteLevel, expected) => {
    expect(chooseClass(named, modelType, byteLevel).name).toBe(expected);
  });
});

describe('isByteLevelJson()', () => {
  it('looks into sequences', () => {
    expect(
      isByteLevelJson({
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Split' }, { type: 'ByteLevel' }] }
      })
    ).toBe(true);
    expect(isByteLevelJson({ pre_tokenizer: null, decoder: { type: 'ByteLevel' } })).toBe(true);
    expect(isByteLevelJson({ pre_tokenizer: { type: 'Metaspace' }, decoder: null })).toBe(false);
  });
});
