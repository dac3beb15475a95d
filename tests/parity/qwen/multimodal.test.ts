import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensorsHeader } from '../../../kernel/checkpoint/write-safetensors';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD } from '../../../kernel/images/image-processors';
import { load_image } from '../../../kernel/images/load';
import { resize } from '../../../kernel/images/resample';
import { AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import { MMultiModal } from '../../../kernel/modeling/multimodal';
import { MQWenLMHeadModel } from '../../../kernel/modeling/mqwen';
import type { Tensor } from '../../../kernel/tensor/tensor';
import { difference, fixtures, readExpected, readRuns } from './expected';

// float32 sums in another order over vision tower, projector and language model: worst seen 2e-5.
const close = 1e-4;
const other_config = { replace_token_id: 387, image_context_length: 16, image_feature_hidden_size: 32 };
const at = (name: string): string => join(fixtures, name);
const parts = { language_model: at('qwen'), vision_model: at('clip'), projector: at('mqwen') };
const runs = readRuns('mqwen');
const expected = readExpected('mqwen');
const question = 'What is in the picture?';
const system = 'You are a helpful assistant.';
const ids = (t: Tensor): number[] => Array.from(t.data, Number);

let model: MMultiModal;
let scratch: string;

beforeAll(async () => {
  setHost(createNodeHost());
  scratch = mkdtempSync(join(tmpdir(), 'mqwen-'));
  model = await MMultiModal.from_pretrained(parts, { other_config });
});
afterAll(async () => {
  await model.dispose();
  rmSync(scratch, { recursive: true });
});

/** A folder of its own with one file under a name MMultiModal looks for. */
function folderWith(name: string, from: string): string {
  const folder = mkdtempSync(join(scratch, 'part-'));
  copyFileSync(at(from), join(folder, name));
  return folder;
}

/** A projector of zeros between two widths. */
function projectorFile(from: number, to: number): Uint8Array {
  const shapes = { '0.weight': [to, from], '0.bias': [to], '2.weight': [to, to], '2.bias': [to] };
  const specs = Object.entries(shapes).map(([name, dims]) => ({ name, dtype: 'F32' as const, dims }));
  const count = Object.values(shapes).reduce((n, dims) => n + dims.reduce((a, b) => a * b, 1), 0);
  return Uint8Array.from([...safetensorsHeader(specs), ...new Uint8Array(4 * count)]);
}

describe('MMultiModal, compared with Python', () => {
  it('processor makes the prompt and the pixels', async () => {
    const { input_ids, pixel_values } = await model.processor({ text: question, images: at('picture.png'), system });
    expect([ids(input_ids)]).toEqual(runs['chain']!.inputs['input_ids']);
    expect(difference(pixel_values!, expected.get('chain.pixel_values'))).toBeLessThan(1e-6);
  });

  it('encode_images() gives the projected patches, CLS left out and no last norm', async () => {
    const features = await model.encode_images(at('picture.png'));
    expect(difference(features, expected.get('chain.features'))).toBeLessThan(close);
  });

  it('language_model sees the image in its prompt', async () => {
    const images = await model.encode_images(at('picture.png'));
    const out = await model.language_model({ ...runs['chain']!.inputs, images });
    expect(difference(out.logits, expected.get('chain.logits'))).toBeLessThan(close);
  });

  it('generate() returns new tokens without the last', async () => {
    const { input_ids, pixel_values } = await model.processor({ text: question, images: at('picture.png'), system });
    const out = await model.generate({ input_ids, pixel_values: pixel_values!, max_new_tokens: 8, eos_token_id: null });
    expect(ids(out)).toEqual(runs['chain']!.sequences![0]!.slice(input_ids.dims[1], -1));
  });

  it('answer() answers a question about an image in one call, and answer_stream() piece by piece', async () => {
    const options = { max_new_tokens: 8, eos_token_id: null, stop_words_ids: null };
    const answer = await model.answer(at('picture.png'), question, options);
    const wanted = runs['chain']!.sequences![0]!.slice(-8);
    const end = wanted.findIndex(t => t >= 384 && t <= 386);
    const text = model.tokenizer.decode(end === -1 ? wanted : wanted.slice(0, end)).trim();
    expect(answer).toBe(text);
    const pieces: string[] = [];
    for await (const piece of model.answer_stream(at('picture.png'), question, options)) {
      pieces.push(piece);
    }
    expect(pieces.at(-1)).toBe(text);
    expect(pieces.length).toBeGreaterThan(2);
  });

  it('from_pretrained() offers the preprocessing of the original test script, and no other', async () => {
    const own = await MMultiModal.from_pretrained(parts, { other_config, preprocessing: 'imagenet' });
    const { pixel_values } = await own.processor({ text: question, images: at('picture.png') });
    const picture = await load_image(at('picture.png'));
    const small = resize({ ...picture, data: picture.data as Uint8Array, channels: 3 }, 32, 32, 2);
    const [mean, std] = [IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD];
    const want = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => {
      const [c, pixel] = [Math.floor(i / 1024), i % 1024];
      return (small.data[3 * pixel + c]! / 255 - mean[c]!) / std[c]!;
    });
    expect(difference(pixel_values!, { dims: [1, 3, 32, 32], data: want })).toBeLessThan(1e-5);
    await own.dispose();
    await expect(
      MMultiModal.from_pretrained(parts, { other_config, preprocessing: 'siglip' as never })
    ).rejects.toThrow(/preprocessing must be 'clip' or 'imagenet': current value is siglip/);
  });

  it.each(['other_params.bin', 'other_params-legacy.bin'])(
    'from_pretrained() reads the projector from %s',
    async file => {
      const own = await MMultiModal.from_pretrained(
        { ...parts, projector: folderWith('other_params.bin', `mqwen/${file}`) },
        { other_config }
      );
      expect(difference(await own.encode_images(at('picture.png')), expected.get('chain.features'))).toBeLessThan(
        close
      );
      await own.dispose();
    }
  );

  it.each(['lora', 'lora-bin'])('from_pretrained() merges the adapter of %s', async adapter => {
    const llm = await MQWenLMHeadModel.from_pretrained<MQWenLMHeadModel>(at('qwen'), {
      other_config,
      adapter: at(`mqwen/${adapter}`)
    });
    const images = await model.encode_images(at('picture.png'));
    const out = await llm({ ...runs['lora']!.inputs, images });
    expect(difference(out.logits, expected.get('lora.logits'))).toBeLessThan(close);
    const generated = (await llm.generate({
      ...runs['lora']!.inputs,
      images,
      max_new_tokens: 6,
      eos_token_id: null
    })) as Tensor;
    expect(ids(generated)).toEqual(runs['lora']!.sequences![0]);
    await llm.dispose();
  });
});

describe('AutoModelForCausalLM', () => {
  it("from_pretrained() takes MQwen's class and keys from config.json", async () => {
    const folder = mkdtempSync(join(scratch, 'whole-'));
    cpSync(at('qwen/model.safetensors'), join(folder, 'model.safetensors'));
    cpSync(at('mqwen/config.json'), join(folder, 'config.json'));
    const whole = await AutoModelForCausalLM.from_pretrained(folder);
    expect(whole).toBeInstanceOf(MQWenLMHeadModel);
    const images = await model.encode_images(at('picture.png'));
    const out = await whole({ ...runs['chain']!.inputs, images });
    expect(difference(out.logits, expected.get('chain.logits'))).toBeLessThan(close);
    await whole.dispose();
  });
});

describe('MMultiModal with bad input', () => {
  it.each(['system.bin', 'eval.bin', 'raw-pickle.bin'])(
    'from_pretrained() refuses the hostile pickle %s by name',
    async file => {
      const projector = folderWith('other_params.bin', `hostile/${file}`);
      const name = { 'system.bin': /system/, 'eval.bin': /eval/, 'raw-pickle.bin': /getcwd/ }[file]!;
      await expect(MMultiModal.from_pretrained({ ...parts, projector }, { other_config })).rejects.toThrow(name);
    }
  );

  it('from_pretrained() refuses a projector cut short, one of another width, and none', async () => {
    const whole = readFileSync(at('mqwen/other_params.safetensors'));
    const short = mkdtempSync(join(scratch, 'short-'));
    writeFileSync(join(short, 'other_params.safetensors'), whole.subarray(0, whole.length - 100));
    await expect(MMultiModal.from_pretrained({ ...parts, projector: short }, { other_config })).rejects.toThrow(
      /other_params\.safetensors/
    );
    const wide = mkdtempSync(join(scratch, 'wide-'));
    writeFileSync(join(wide, 'other_params.safetensors'), projectorFile(24, 40));
    await expect(MMultiModal.from_pretrained({ ...parts, projector: wide }, { other_config })).rejects.toThrow(
      /\(24 → 32\): it maps 24 → 40/
    );
    const none = mkdtempSync(join(scratch, 'none-'));
    await expect(MMultiModal.from_pretrained({ ...parts, projector: none }, { other_config })).rejects.toThrow(
      /other_params\.safetensors or other_params\.bin/
    );
  });

  it('answer() refuses a broken image and a huge one, and the model still works', async () => {
    const png = Uint8Array.from(readFileSync(at('picture.png')));
    await expect(model.answer(png.slice(0, 200), question)).rejects.toThrow(/be whole: the file ends/);
    const huge = png.slice();
    new DataView(huge.buffer).setUint32(16, 100_000);
    new DataView(huge.buffer).setUint32(20, 100_000);
    await expect(model.answer(huge, question)).rejects.toThrow(
      /at most 178956970 pixels: current size is 100000 x 100000/
    );
    expect(difference(await model.encode_images(png), expected.get('chain.features'))).toBeLessThan(close);
  });

  it("an adapter for another model is refused with the missing tensor's name", async () => {
    const folder = mkdtempSync(join(scratch, 'lora-'));
    cpSync(at('mqwen/lora/adapter_config.json'), join(folder, 'adapter_config.json'));
    cpSync(at('mqwen/other_params.safetensors'), join(folder, 'adapter_model.safetensors'));
    await expect(MQWenLMHeadModel.from_pretrained(at('qwen'), { other_config, adapter: folder })).rejects.toThrow(
      /lora_A and lora_B of linear layers only: it also has 0\.bias/
    );
  });
});
