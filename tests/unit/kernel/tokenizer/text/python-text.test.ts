import { Environment } from '@huggingface/jinja';
import { pythonText } from '../../../../../kernel/tokenizer/text/python-text';

const write = (value: unknown): string => pythonText(new Environment().set('value', value));

describe('pythonText()', () => {
  // What Python's str() gives for the same values.
  it.each([
    ['text', 'text'],
    [true, 'True'],
    [null, 'None'],
    [undefined, ''],
    [1.5, '1.5'],
    [['a', 1, null], "['a', 1, None]"],
    [{ a: "it's", b: [false] }, "{'a': \"it's\", 'b': [False]}"],
    [['q"\'', '\n\t\\', 'é\u00a0\u200b😀'], "['q\"\\'', '\\n\\t\\\\', 'é\\xa0\\u200b😀']"]
  ])('writes %j', (value, text) => {
    expect(write(value)).toBe(text);
  });
});
