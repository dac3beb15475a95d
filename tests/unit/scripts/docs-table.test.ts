import { resolve } from 'node:path';
import { docsTable } from '../../../scripts/docs-table.mjs';

describe('docsTable()', () => {
  const table = docsTable(resolve(__dirname, '../../..'));

  it.each([
    ['display', /^display\(value: unknown, options: DisplayOptions\)/, /@param value What to show/],
    ['AutoModelForCausalLM.from_pretrained', /^from_pretrained\(model: string/, /config\.json/],
    ['PreTrainedModel.generate', /^generate\(/, /token ids/],
    ['Tensor.softmax', /^softmax\(dim\?: number/, /exp/],
    ['attention_view', /^attention_view\(/, /@throws/]
  ])('has the signature and docstring of %s', (name, signature, doc) => {
    expect(table[name]!.signature).toMatch(signature);
    expect(table[name]!.doc).toMatch(doc);
  });

  it('leaves out what is private or not ours', () => {
    expect(Object.keys(table).filter(key => /[#_]$|\._|\.bind$/.test(key))).toEqual([]);
  });
});
