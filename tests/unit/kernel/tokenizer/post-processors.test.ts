import { emptyEncoding } from '../../../../kernel/tokenizer/encoding';
import type { Encoding } from '../../../../kernel/tokenizer/encoding';
import { postProcess, readPostProcessor } from '../../../../kernel/tokenizer/post-processors';

const encoding = (ids: number[], tokens: string[], offsets: [number, number][]): Encoding => ({
  ...emptyEncoding(),
  ids,
  tokens,
  offsets,
  typeIds: ids.map(() => 0),
  words: ids.map((_, i) => i),
  sequenceIds: ids.map(() => 0),
  specialTokensMask: ids.map(() => 0)
});
const first = encoding(
  [12, 14],
  ['Hello', 'there'],
  [
    [0, 5],
    [6, 11]
  ]
);
const second = encoding([15], ['pair'], [[0, 4]]);

describe('readPostProcessor()', () => {
  // From Rust's roberta.rs
  it('RobertaProcessing puts </s></s> between, with type 0 throughout', () => {
    const processor = readPostProcessor({
      type: 'RobertaProcessing',
      sep: ['</s>', 2],
      cls: ['<s>', 0],
      trim_offsets: true,
      add_prefix_space: true
    });
    const pair = postProcess(processor, [first, second], true);
    expect(pair.ids).toEqual([0, 12, 14, 2, 2, 15, 2]);
    expect(pair.typeIds).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(pair.offsets).toEqual([
      [0, 0],
      [0, 5],
      [6, 11],
      [0, 0],
      [0, 0],
      [0, 4],
      [0, 0]
    ]);
    expect(pair.sequenceIds).toEqual([null, 0, 0, null, null, 1, null]);
    expect(pair.specialTokensMask).toEqual([1, 0, 0, 1, 1, 0, 1]);
    expect(postProcess(processor, [first, second], false).ids).toEqual([12, 14, 15]);
    expect([processor!.added(false), processor!.added(true)]).toEqual([2, 4]);
  });

  it('BertProcessing gives the second text type 1', () => {
    const processor = readPostProcessor({ type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] });
    const pair = postProcess(processor, [first, second], true);
    expect([pair.ids, pair.typeIds]).toEqual([
      [2, 12, 14, 3, 15, 3],
      [0, 0, 0, 0, 1, 1]
    ]);
  });

  it('TemplateProcessing follows its template', () => {
    const processor = readPostProcessor({
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 5 } }, { SpecialToken: { id: '<e>', type_id: 7 } }],
      pair: [{ Sequence: { id: 'B', type_id: 1 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { '<e>': { id: '<e>', ids: [8, 9], tokens: ['<', 'e>'] } }
    });
    const single = postProcess(processor, [second], true);
    expect([single.ids, single.typeIds, single.tokens]).toEqual([
      [15, 8, 9],
      [5, 7, 7],
      ['pair', '<', 'e>']
    ]);
    expect(postProcess(processor, [first, second], true).ids).toEqual([15, 12, 14]);
    expect(() =>
      readPostProcessor({
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: 'x' } }],
        pair: [],
        special_tokens: {}
      })
    ).toThrow(/special_tokens\["x"\]/);
  });

  it('ByteLevel leaves spaces out of offsets, but not the one put before the text', () => {
    const spaced = encoding(
      [1, 2],
      ['Ġa', 'ĠĠb'],
      [
        [0, 1],
        [1, 4]
      ]
    );
    const trim = readPostProcessor({ type: 'ByteLevel', trim_offsets: true, add_prefix_space: true });
    expect(postProcess(trim, [spaced], true).offsets).toEqual([
      [0, 1],
      [3, 4]
    ]);
    const keep = readPostProcessor({ type: 'ByteLevel', trim_offsets: false });
    expect(postProcess(keep, [spaced], true).offsets).toEqual([
      [0, 1],
      [1, 4]
    ]);
  });
});
