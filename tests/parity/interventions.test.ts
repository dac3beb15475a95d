/**
 * Looking inside and changing what is found, against PyTorch's forward hooks: the values of every site of every decoder
 * family, and the logits after an edit.
 */
import { join } from 'node:path';

import { concreteClasses, Tensor, type PreTrainedModel } from '../../kernel';
import { fixtures, readTensors, type Expected, type Fixture } from './fixture';
import { difference } from './compare';
import { useNodeHost } from './suite';

useNodeHost();

const decoders = fixtures().filter(fixture => fixture.interventions);

/** '@vector' and '@other' replaced by what they stand for. */
function resolve(edit: { readonly [key: string]: unknown }, vector: Tensor, other: unknown): unknown {
  return Object.fromEntries(
    Object.entries(edit).map(([key, value]) => [key, value === '@vector' ? vector : value === '@other' ? other : value])
  );
}

function suite(fixture: Fixture): void {
  const { inputs, other, sites, edits } = fixture.interventions!;

  describe(`${fixture.model_type}/${fixture.variant}`, () => {
    let model: PreTrainedModel;
    let expected: Map<string, Expected>;

    beforeAll(async () => {
      expected = readTensors(join(fixture.folder, 'interventions.safetensors'));
      const Class = concreteClasses()[fixture.class] as typeof PreTrainedModel;
      model = await Class.from_pretrained(fixture.folder, { device: 'cpu', dtype: 'float32' });
    });
    afterAll(() => model?.dispose());

    it.each(['cache', 'other'] as const)('run_with_cache() reads what hooks read: %s', async run => {
      const { logits, cache } = await model.run_with_cache(run === 'cache' ? inputs : other, {
        names: [...sites] as never
      });
      const faults = [`logits: ${difference(logits as Tensor, expected.get(`${run}.logits`)!)}`];
      let compared = 0;
      for (const [name, value] of expected) {
        const [of, site, layer] = name.split('.');
        if (of === run && layer !== undefined) {
          compared++;
          faults.push(`${site} ${layer}: ${difference(cache.get(site as never, Number(layer)), value)}`);
        }
      }
      expect(compared).toBeGreaterThanOrEqual(sites.length);
      expect(faults.filter(fault => !fault.endsWith(': undefined'))).toEqual([]);
    });

    it.each(edits.map(one => [one.name, one.edit] as const))(
      'run_with_hooks() gives what the hook gives: %s',
      async (name, edit) => {
        const { data, dims } = expected.get('vector')!;
        const { cache } = await model.run_with_cache(other, { names: [...sites] as never });
        const resolved = resolve(edit, new Tensor('float32', data.slice(), dims), cache);
        const out = await model.run_with_hooks(inputs, [resolved as never]);
        expect(difference(out['logits'] as Tensor, expected.get(`${name}.logits`)!)).toBeUndefined();
        const after = await model.forward(inputs);
        expect(difference(after['logits'] as Tensor, expected.get('cache.logits')!)).toBeUndefined();
      }
    );
  });
}

it('there are decoders with interventions', () => {
  expect(decoders.length).toBeGreaterThan(0);
});

decoders.forEach(suite);
