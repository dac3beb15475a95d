import { openCheckpoint } from '../../../../kernel/checkpoint/open';
import { safetensorsHeader } from '../../../../kernel/checkpoint/write-safetensors';
import { readAdapter } from '../../../../kernel/modeling/lora';
import { memoryFolder } from '../checkpoint/memory-folder';

type Tensors = { [name: string]: { dims: number[]; data: number[] } };

/** A safetensors file of float32 tensors. */
function file(tensors: Tensors): Uint8Array {
  const header = safetensorsHeader(
    Object.entries(tensors).map(([name, { dims }]) => ({ name, dtype: 'F32' as const, dims }))
  );
  const bodies = Object.values(tensors).map(({ data }) => new Uint8Array(new Float32Array(data).buffer));
  return Uint8Array.from([...header, ...bodies.flatMap(b => [...b])]);
}

const base = (): ReturnType<typeof openCheckpoint> =>
  openCheckpoint(
    memoryFolder({
      'model.safetensors': file({
        'model.layers.0.q.weight': { dims: [2, 3], data: [1, 2, 3, 4, 5, 6] },
        'model.norm.weight': { dims: [3], data: [1, 1, 1] }
      })
    })
  );

const config = { peft_type: 'LORA', r: 1, lora_alpha: 3, bias: 'none' };
const weights: Tensors = {
  'base_model.model.model.layers.0.q.lora_A.weight': { dims: [1, 3], data: [1, 10, 100] },
  'base_model.model.model.layers.0.q.lora_B.weight': { dims: [2, 1], data: [1, 2] }
};

async function merged(settings: object, tensors: Tensors = weights): Promise<number[]> {
  const folder = memoryFolder({
    'adapter_config.json': JSON.stringify({ ...config, ...settings }),
    'adapter_model.safetensors': file(tensors)
  });
  const deltas = await readAdapter(folder, await base());
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  deltas.get('model.layers.0.q.weight')!(values, [2, 3]);
  return Array.from(values);
}

describe('readAdapter()', () => {
  it('adds alpha / r · B A', async () => {
    expect(await merged({})).toEqual([4, 32, 303, 10, 65, 606]);
  });

  it('adds the same again when a tensor is read again', async () => {
    const folder = memoryFolder({
      'adapter_config.json': JSON.stringify(config),
      'adapter_model.safetensors': file(weights)
    });
    const delta = (await readAdapter(folder, await base())).get('model.layers.0.q.weight')!;
    const [a, b] = [new Float32Array(6), new Float32Array(6)];
    delta(a, [2, 3]);
    delta(b, [2, 3]);
    expect(b).toEqual(a);
  });

  it('scales by alpha / √r with use_rslora, and by module with alpha_pattern', async () => {
    expect(await merged({ r: 1, lora_alpha: 2, use_rslora: true })).toEqual([3, 22, 203, 8, 45, 406]);
    expect(await merged({ alpha_pattern: { q: 1 } })).toEqual([2, 12, 103, 6, 25, 206]);
  });

  it('reads names with or without base_model.model. and the adapter name', async () => {
    const renamed = Object.fromEntries(
      Object.entries(weights).map(([name, t]) => [
        name.replace('base_model.model.', '').replace('.weight', '.default.weight'),
        t
      ])
    );
    expect(await merged({}, renamed)).toEqual([4, 32, 303, 10, 65, 606]);
  });

  it('transposes with fan_in_fan_out', async () => {
    const tensors: Tensors = {
      'model.layers.0.q.lora_A.weight': { dims: [1, 2], data: [1, 2] },
      'model.layers.0.q.lora_B.weight': { dims: [3, 1], data: [1, 10, 100] }
    };
    expect(await merged({ fan_in_fan_out: true, lora_alpha: 1 }, tensors)).toEqual([2, 12, 103, 6, 25, 206]);
  });

  it.each([
    ['another kind', { peft_type: 'IA3' }, weights, /peft_type.*must be 'LORA': current value is "IA3"/],
    ['DoRA', { use_dora: true }, weights, /use_dora must be false/],
    ['trained biases', { bias: 'all' }, weights, /bias must be 'none': current value is "all"/],
    ['whole modules', { modules_to_save: ['lm_head'] }, weights, /modules_to_save must be empty/],
    ['no rank', { r: null }, weights, /r must be a number: current value is null/],
    ['another rank', { r: 2 }, weights, /lora_A of model\.layers\.0\.q must have r rows, 2: current number is 1/],
    [
      'a tensor that is neither A nor B',
      {},
      { ...weights, 'base_model.model.lm_head.weight': { dims: [1], data: [1] } },
      /it also has base_model\.model\.lm_head\.weight/
    ],
    [
      'a module the model lacks',
      {},
      {
        'other.lora_A.weight': { dims: [1, 3], data: [1, 1, 1] },
        'other.lora_B.weight': { dims: [2, 1], data: [1, 1] }
      },
      /2 tensors of the model must contain other\.weight: it is missing/
    ],
    [
      'A without B',
      {},
      { 'model.layers.0.q.lora_A.weight': { dims: [1, 3], data: [1, 1, 1] } },
      /must contain model\.layers\.0\.q\.lora_B\.weight: it is missing/
    ],
    [
      'another shape',
      {},
      { ...weights, 'base_model.model.model.layers.0.q.lora_A.weight': { dims: [1, 2], data: [1, 1] } },
      /must have the shape of model\.layers\.0\.q\.weight, \[2,3\]: current shapes are \[2,1\] and \[1,2\]/
    ]
  ])('refuses %s', async (_name, settings, tensors, message) => {
    await expect(merged(settings, tensors as Tensors)).rejects.toThrow(message);
  });

  it('refuses a folder without the files, and names them', async () => {
    await expect(readAdapter(memoryFolder({}), await base())).rejects.toThrow(/must contain adapter_config\.json/);
    const folder = memoryFolder({ 'adapter_config.json': JSON.stringify(config) });
    await expect(readAdapter(folder, await base())).rejects.toThrow(
      /adapter_model\.safetensors or adapter_model\.bin: it has adapter_config\.json/
    );
  });
});
