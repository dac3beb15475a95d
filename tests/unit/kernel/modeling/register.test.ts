import { mkdtempSync, readFileSync, rmSync, writeFileSync, cpSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configClass } from '../../../../kernel/config/classes';
import type { ForwardInputs } from '../../../../kernel/modeling/forward';
import type { ModelOutput } from '../../../../kernel/modeling/outputs';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import {
  AutoConfig,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  concreteClasses,
  PretrainedConfig,
  PreTrainedModel,
  register_family,
  setNotices,
  Tensor
} from '../../../../kernel/index';
import { getFamily } from '../../../../kernel/models/registry';

const source = join(__dirname, '../../../parity/fixtures/qwen2/gqa-tied');
const Qwen2ForCausalLM = concreteClasses()['Qwen2ForCausalLM'] as typeof PreTrainedModel;
const Qwen2Config = configClass('qwen2');
const options = { device: 'cpu', local_files_only: true };
const input_ids = [[5, 9, 2, 30, 7]];
const greedy = { input_ids, max_new_tokens: 4, do_sample: false };

let folder: string;
let logits: number[];
let generated: unknown;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-register-'));
  setHost(createNodeHost({ cwd: folder }));
  const model = await Qwen2ForCausalLM.from_pretrained(source, options);
  logits = numbers((await model({ input_ids })).logits);
  generated = ((await model.generate(greedy)) as Tensor).tolist();
  await model.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

function numbers(tensor: unknown): number[] {
  return Array.from((tensor as Tensor).data, Number);
}

/** The checkpoint with another config.json. */
function copyAs(name: string, changes: Readonly<Record<string, unknown>>): string {
  mkdirSync(join(folder, name));
  cpSync(join(source, 'model.safetensors'), join(folder, name, 'model.safetensors'));
  const config = JSON.parse(readFileSync(join(source, 'config.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(folder, name, 'config.json'), JSON.stringify({ ...config, ...changes }));
  return name;
}

describe('a class that extends Qwen2ForCausalLM', () => {
  it('is what from_pretrained makes, with fields and methods of its own', async () => {
    class Mine extends Qwen2ForCausalLM {
      calls = 0;
      get twice(): number {
        return 2 * this.calls;
      }
      override async forward(inputs: ForwardInputs): Promise<ModelOutput> {
        this.calls++;
        return super.forward(inputs);
      }
    }
    const model = await Mine.from_pretrained(source, options);
    expect(model).toBeInstanceOf(Mine);
    expect(model).toBeInstanceOf(PreTrainedModel);
    expect(numbers((await model({ input_ids })).logits)).toEqual(logits);
    await model.forward({ input_ids });
    expect(model.twice).toBe(4);
    await model.dispose();
  });

  it('changes what forward gives, and generate follows', async () => {
    const wanted = 42;
    class Stubborn extends Qwen2ForCausalLM {
      override async forward(inputs: ForwardInputs): Promise<ModelOutput> {
        const output = await super.forward(inputs);
        const changed = (output.logits as Tensor).clone();
        const classes = changed.dims.at(-1)!;
        for (let i = wanted; i < changed.data.length; i += classes) {
          (changed.data as Float32Array)[i] = 1e4;
        }
        output['logits'] = changed;
        return output;
      }
    }
    const model = await Stubborn.from_pretrained(source, options);
    const out = (await model.generate(greedy)) as Tensor;
    expect(out.tolist()).toEqual([[...input_ids[0]!, wanted, wanted, wanted, wanted]]);
    await model.dispose();
  });

  it('changes embeddings in forward and calls super', async () => {
    class Embedded extends Qwen2ForCausalLM {
      override async forward({ input_ids: ids, ...inputs }: ForwardInputs): Promise<ModelOutput> {
        const inputs_embeds = (await this.get_input_embeddings()(ids as number[][])) as Tensor;
        return super.forward({ ...inputs, inputs_embeds });
      }
    }
    const model = await Embedded.from_pretrained(source, options);
    const own = numbers((await model({ input_ids })).logits);
    expect(Math.max(...own.map((v, i) => Math.abs(v - logits[i]!)))).toBeLessThan(1e-6);
    await model.dispose();
  });

  it('gets options generate does not know in prepare_inputs_for_generation, and forward what that returns', async () => {
    const seen: unknown[] = [];
    class WithImages extends Qwen2ForCausalLM {
      override get forward_parameters(): readonly string[] {
        return [...super.forward_parameters, 'images'];
      }
      override async prepare_inputs_for_generation(
        ids: Tensor,
        kwargs: Record<string, unknown> = {}
      ): Promise<Record<string, unknown>> {
        const { images, ...others } = kwargs;
        return { ...(await super.prepare_inputs_for_generation(ids, others)), images };
      }
      override async forward({ images, ...inputs }: ForwardInputs): Promise<ModelOutput> {
        seen.push(images);
        return super.forward(inputs);
      }
    }
    const model = await WithImages.from_pretrained(source, options);
    const out = (await model.generate({ ...greedy, images: 'cat.png' } as never)) as Tensor;
    expect(out.tolist()).toEqual(generated);
    expect(seen).toEqual(['cat.png', 'cat.png', 'cat.png', 'cat.png']);
    await model.dispose();
  });

  it('is refused an option no method takes', async () => {
    const model = await Qwen2ForCausalLM.from_pretrained(source, options);
    await expect(model.generate({ ...greedy, images: 'cat.png' } as never)).rejects.toThrow('images');
    await model.dispose();
  });

  it('is what from_config makes as well', async () => {
    class Mine extends Qwen2ForCausalLM {}
    const config = await AutoConfig.from_pretrained(source, { num_hidden_layers: 1 });
    const model = await Mine.from_config(config, options);
    expect(model).toBeInstanceOf(Mine);
    expect((await model({ input_ids })).logits.dims).toEqual([1, 5, 107]);
    await model.dispose();
  });
});

describe('AutoConfig.register() and AutoModelForCausalLM.register()', () => {
  it('make a class known for a model type of its own', async () => {
    class MineConfig extends Qwen2Config {
      static override model_type = 'mine';
    }
    class MineForCausalLM extends Qwen2ForCausalLM {}
    const name = copyAs('mine', { model_type: 'mine', temper: 3 });
    await expect(AutoConfig.from_pretrained(name)).rejects.toThrow('model type `mine`');
    AutoConfig.register('mine', MineConfig);
    AutoModelForCausalLM.register(MineConfig, MineForCausalLM);
    const config = await AutoConfig.from_pretrained(name);
    expect(config).toBeInstanceOf(MineConfig);
    expect(config['temper']).toBe(3);
    const notices: string[] = [];
    setNotices(line => notices.push(line));
    const model = await AutoModelForCausalLM.from_pretrained(name, options);
    setNotices(() => undefined);
    expect(notices.filter(line => line.includes('You are using a model of type'))).toEqual([]);
    expect(model).toBeInstanceOf(MineForCausalLM);
    expect(model.config).toBeInstanceOf(MineConfig);
    expect(numbers((await model({ input_ids })).logits)).toEqual(logits);
    await model.dispose();
  });

  it('survive save_pretrained', async () => {
    class SavedConfig extends Qwen2Config {
      static override model_type = 'saved';
    }
    class SavedForCausalLM extends Qwen2ForCausalLM {}
    AutoConfig.register('saved', SavedConfig);
    AutoModelForCausalLM.register(SavedConfig, SavedForCausalLM);
    const model = await AutoModelForCausalLM.from_pretrained(copyAs('saved', { model_type: 'saved' }), options);
    await model.save_pretrained('again');
    await model.dispose();
    const raw = JSON.parse(readFileSync(join(folder, 'again/config.json'), 'utf8')) as Record<string, unknown>;
    expect([raw['model_type'], raw['architectures']]).toEqual(['saved', ['SavedForCausalLM']]);
    const copy = await AutoModelForCausalLM.from_pretrained('again', options);
    expect(copy).toBeInstanceOf(SavedForCausalLM);
    expect(numbers((await copy({ input_ids })).logits)).toEqual(logits);
    await copy.dispose();
  });

  it('take from_config as well', async () => {
    class FreshConfig extends Qwen2Config {
      static override model_type = 'brand-new';
    }
    class FreshForCausalLM extends Qwen2ForCausalLM {}
    AutoConfig.register('brand-new', FreshConfig);
    AutoModelForCausalLM.register(FreshConfig, FreshForCausalLM);
    const config = new FreshConfig({ ...JSON.parse(readFileSync(join(source, 'config.json'), 'utf8')) });
    const model = await AutoModelForCausalLM.from_config(config, options);
    expect(model).toBeInstanceOf(FreshForCausalLM);
    await model.dispose();
  });

  it('refuse a configuration of another model type, as Python', () => {
    expect(() => AutoConfig.register('not-qwen2', Qwen2Config)).toThrow(
      'The config you are passing has a `model_type` attribute that is not consistent with the model type you passed'
    );
  });

  it('refuse a model type that is taken, but for exist_ok', () => {
    class Other extends Qwen2ForCausalLM {}
    expect(() => AutoConfig.register('qwen2', Qwen2Config)).toThrow("'qwen2' is already used by a Transformers config");
    expect(() => AutoModelForCausalLM.register(Qwen2Config, Other)).toThrow(
      "'Qwen2Config' is already used by a Transformers model."
    );
    expect(() => AutoModelForCausalLM.register(Qwen2Config, Other, { exist_ok: true })).not.toThrow();
    AutoModelForCausalLM.register(Qwen2Config, Qwen2ForCausalLM, { exist_ok: true });
  });

  it('may be run again, as a cell is', async () => {
    const define = (): typeof PreTrainedModel => {
      class AgainConfig extends Qwen2Config {
        static override model_type = 'again';
      }
      class AgainForCausalLM extends Qwen2ForCausalLM {}
      AutoConfig.register('again', AgainConfig);
      AutoModelForCausalLM.register(AgainConfig, AgainForCausalLM);
      return AgainForCausalLM;
    };
    define();
    const Second = define();
    const model = await AutoModelForCausalLM.from_pretrained(copyAs('twice', { model_type: 'again' }), options);
    expect(model).toBeInstanceOf(Second);
    await model.dispose();
  });
});

describe('register_family()', () => {
  it('makes a model type known to AutoConfig and the Auto classes', async () => {
    const qwen2 = getFamily('qwen2');
    register_family({
      ...qwen2,
      model_type: 'family-of-mine',
      classes: { config: 'FamilyOfMineConfig', base: 'FamilyOfMineModel', causal_lm: 'FamilyOfMineForCausalLM' }
    });
    const name = copyAs('family', { model_type: 'family-of-mine' });
    const config = await AutoConfig.from_pretrained(name);
    expect(config).toBeInstanceOf(PretrainedConfig);
    expect(config.constructor.name).toBe('FamilyOfMineConfig');
    const model = await AutoModelForCausalLM.from_pretrained(name, options);
    expect(model.constructor.name).toBe('FamilyOfMineForCausalLM');
    expect(numbers((await model({ input_ids })).logits)).toEqual(logits);
    expect(((await model.generate(greedy)) as Tensor).tolist()).toEqual(generated);
    await model.dispose();
    const base = await AutoModel.from_pretrained(name, options);
    expect((await base({ input_ids })).last_hidden_state.dims).toEqual([1, 5, 32]);
    await base.dispose();
  });

  it('takes model_type and architecture alone, as the documentation shows', async () => {
    const qwen2 = getFamily('qwen2');
    register_family({ model_type: 'two-fields', architecture: config => qwen2.architecture(config, 'causal_lm') });
    const model = await AutoModelForCausalLM.from_pretrained(copyAs('two', { model_type: 'two-fields' }), options);
    expect(numbers((await model({ input_ids })).logits)).toEqual(logits);
    await model.dispose();
  });

  it('names what a family must have', () => {
    expect(() => register_family({ model_type: 'nothing' } as never)).toThrow('architecture');
    expect(() => register_family({ architecture: () => undefined } as never)).toThrow('model_type');
  });

  it('leaves other model types without a class for the task as they are', async () => {
    await expect(AutoModelForMaskedLM.from_pretrained(copyAs('llama', { model_type: 'llama' }))).rejects.toThrow(
      'Unrecognized configuration class LlamaConfig for this kind of AutoModel: AutoModelForMaskedLM'
    );
  });
});
