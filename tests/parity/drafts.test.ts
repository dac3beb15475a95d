/**
 * Ways of decoding that change how a text is computed but not the text: drafts, a prompt in pieces, a second turn from
 * the cache of the first. Every family must give Python's greedy ids by each of them; a window shorter than the text and
 * a cache that is cropped go wrong here first.
 */
import type { PreTrainedModel, Tensor } from '../../kernel';
import { concreteClasses } from '../../kernel';
import type { GenerateOutput } from '../../kernel/generation/output';
import { fixtures } from './fixture';
import { useNodeHost } from './suite';

useNodeHost();

/** Their rope depends on the length of a pass, so that a draft changes the numbers, in Python too. */
const LENGTH_DEPENDENT = ['llama/dynamic', 'phi3/longrope-crossing'];

const generating = fixtures().flatMap(fixture => {
  const greedy = fixture.generate.find(run => run.name === 'greedy');
  return greedy?.sequences ? [{ fixture, greedy, expected: greedy.sequences }] : [];
});

type Loader = { from_pretrained(folder: string, options: object): Promise<PreTrainedModel> };

function ids(out: Tensor): number[][] {
  return out.tolist() as number[][];
}

describe.each(generating.map(g => [`${g.fixture.model_type}/${g.fixture.variant}`, g] as const))(
  'decoding of %s',
  (title, { fixture, greedy, expected }) => {
    let model: PreTrainedModel;
    beforeAll(async () => {
      const Class = (concreteClasses() as Record<string, unknown>)[fixture.class] as Loader;
      model = await Class.from_pretrained(fixture.folder, { device: 'cpu', dtype: 'float32' });
    });
    afterAll(() => model?.dispose());

    const run = async (extra: object): Promise<number[][]> =>
      ids((await model.generate({ ...greedy.inputs, ...greedy.options, ...extra })) as Tensor);

    if (!LENGTH_DEPENDENT.includes(title)) {
      it('generate() with prompt lookup gives the greedy ids', async () => {
        expect(await run({ prompt_lookup_num_tokens: 4 })).toEqual(expected);
      });

      it('generate() with an assistant gives the greedy ids', async () => {
        const few = { num_assistant_tokens: 3, assistant_confidence_threshold: 0 };
        expect(await run({ assistant_model: model, ...few })).toEqual(expected);
      });
    }

    if (!isSeq2Seq(fixture.class)) {
      it('generate() with a prompt in pieces gives the greedy ids', async () => {
        expect(await run({ prefill_chunk_size: 3 })).toEqual(expected);
      });

      it('generate() goes on from the cache of an earlier turn', async () => {
        const first = (await model.generate({
          ...greedy.inputs,
          ...greedy.options,
          max_new_tokens: 8,
          return_dict_in_generate: true
        })) as GenerateOutput;
        const rest = expected[0]!.length - first.sequences.dims[1]!;
        const out = (await model.generate({
          ...greedy.options,
          input_ids: first.sequences,
          // Without a mask, a pad token among the generated ones would count as padding, as in Python.
          attention_mask: ids(first.sequences).map(row => row.map(() => 1)),
          past_key_values: first.past_key_values,
          max_new_tokens: rest
        })) as Tensor;
        expect(ids(out)).toEqual(expected);
      });
    }
  }
);

function isSeq2Seq(name: string): boolean {
  return /ConditionalGeneration/.test(name);
}
