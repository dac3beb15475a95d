/** The looking-inside methods of a model: thin, over interpretability/. */
import type { InspectableModel } from '../interpretability/model';
import { Tensor } from '../tensor/tensor';
import type { ModelCore } from './model-core';

/** A model as interpretability/ sees it. */
export function inspectable(model: ModelCore): InspectableModel {
  const { runtime } = model;
  const index = runtime.architecture.stacks.length - 1;
  const stack = runtime.architecture.stacks[index]!;
  return {
    architecture: runtime.architecture,
    run: (inputs, probe) => model.run({ ...inputs }, probe),
    weight: (canonical, dims) => runtime.weight(canonical, dims),
    async unembed(states) {
      const runner = await runtime.stack(index);
      const logits = `${stack.prefix}logits`;
      // One token has to run so that the graph runs; its row comes first and is dropped.
      const { values } = await runner.run({
        batch: 1,
        queries: 1,
        ids: [0],
        rows: [0],
        lens: states,
        fetch: [logits],
        cache: false
      });
      const all = values.get(logits)!;
      const vocab = all.dims.at(-1)!;
      const data = (all.data as Float32Array).subarray(vocab);
      return new Tensor('float32', data, [data.length / vocab, vocab]);
    },
    async unembedding(ids) {
      const step = stack.heads.flatMap(h => h.steps).find(s => s.op === 'linear' && s.name === 'unembed');
      if (!step || step.op !== 'linear') {
        throw new RangeError('Cannot read the unembedding as the model must have a language-model head');
      }
      const weight = new Float32Array(ids.length * step.in);
      for (const [i, id] of ids.entries()) {
        if (!Number.isInteger(id) || id < 0 || id >= step.out) {
          throw new RangeError(`Cannot read the unembedding of token ${id} as ids must be in [0, ${step.out})`);
        }
        weight.set(await runtime.row(`${stack.prefix}unembed.weight`, id), i * step.in);
      }
      const bias = step.bias ? await runtime.weight(`${stack.prefix}unembed.bias`, [step.out]) : undefined;
      return { weight, bias: Float32Array.from(ids, id => bias?.[id] ?? 0) };
    }
  };
}
