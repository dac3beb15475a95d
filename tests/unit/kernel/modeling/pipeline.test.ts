import { join } from 'node:path';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import {
  AutoImageProcessor,
  AutoModelForCausalLM,
  AutoTokenizer,
  load_image,
  memory,
  pipeline,
  Pipeline,
  Tensor,
  TextGenerationPipeline
} from '../../../../kernel/index';

const root = join(__dirname, '../../../parity/pipelines/fixtures');
const options = { device: 'cpu', local_files_only: true };
const folder = (name: string): string => join(root, name);
const image = join(root, 'image-0.png');

beforeAll(() => setHost(createNodeHost()));

describe('pipeline()', () => {
  it('names the tasks there are, in the words of Python', async () => {
    await expect(pipeline('summarise', folder('qwen2'))).rejects.toThrow(
      'Unknown task summarise, available tasks are ["feature-extraction", "fill-mask", "image-classification", ' +
        '"sentiment-analysis", "text-classification", "text-generation", "zero-shot-image-classification"]'
    );
    await expect(pipeline('__proto__')).rejects.toThrow('Unknown task __proto__');
    await expect(pipeline(undefined as never)).rejects.toThrow('its task must be given');
  });

  it('takes the model as an option as well, and says what it is', async () => {
    const made = await pipeline('text-generation', { model: folder('qwen2'), dtype: 'q8', ...options });
    expect(made).toBeInstanceOf(TextGenerationPipeline);
    expect(made).toBeInstanceOf(Pipeline);
    expect([made.task, made.device, made.dtype]).toEqual(['text-generation', 'cpu', 'q8']);
    const shown = (made as unknown as { [key: symbol]: () => object })[Symbol.for('Jupyter.display')]!();
    expect(Object.values(shown)[0]).toMatch(/^TextGenerationPipeline: Qwen2ForCausalLM\('.*qwen2'\), q8 on cpu$/);
    await made.dispose();
  });

  it('takes a loaded model and tokenizer', async () => {
    const model = await AutoModelForCausalLM.from_pretrained(folder('qwen2'), options);
    const tokenizer = await AutoTokenizer.from_pretrained(folder('qwen2'));
    await expect(pipeline('text-generation', model)).rejects.toThrow('Impossible to guess which tokenizer to use');
    await expect(pipeline('text-generation', model, { tokenizer, dtype: 'q8' })).rejects.toThrow(
      'a loaded model takes no options of loading: also given dtype'
    );
    const made = await pipeline('text-generation', model, { tokenizer, max_new_tokens: 3, do_sample: false });
    expect(made.model).toBe(model);
    const [first] = await made('the cat');
    expect(first!.generated_text).toMatch(/^the cat.+/);
    await made.dispose();
    expect((await memory()).models).toEqual([]);
  });

  it('refuses a tokenizer without a model, as Python', async () => {
    const tokenizer = await AutoTokenizer.from_pretrained(folder('qwen2'));
    await expect(pipeline('text-generation', null, { tokenizer })).rejects.toThrow(
      'Impossible to instantiate a pipeline with tokenizer specified but not the model'
    );
  });

  it('refuses what a task does not use', async () => {
    const image_processor = await AutoImageProcessor.from_pretrained(folder('vit'));
    await expect(pipeline('fill-mask', folder('bert'), { image_processor, ...options } as never)).rejects.toThrow(
      'fill-mask takes no image_processor'
    );
  });

  it('holds no model after an option was refused', async () => {
    await expect(pipeline('fill-mask', folder('bert'), { top_n: 3, ...options } as never)).rejects.toThrow(
      'Cannot run fill-mask as its options are top_k, targets, tokenizer_kwargs, batch_size: also given top_n'
    );
    expect((await memory()).models).toEqual([]);
  });

  it.each([0, -1, 1.5, '2'])('refuses the batch_size %j', async batch_size => {
    await expect(
      pipeline('feature-extraction', folder('bert'), { ...options, batch_size: batch_size as number })
    ).rejects.toThrow('batch_size must be a whole number of at least 1');
  });

  it('says what a task needs of a model', async () => {
    await expect(pipeline('fill-mask', folder('qwen2'), options)).rejects.toThrow('AutoModelForMaskedLM');
  });
});

describe('TextGenerationPipeline', () => {
  let made: TextGenerationPipeline;
  beforeAll(async () => {
    made = await pipeline('text-generation', folder('qwen2'), { ...options, max_new_tokens: 3, do_sample: false });
  });
  afterAll(() => made.dispose());

  it('answers no inputs with no answers', async () => {
    expect(await made([])).toEqual([]);
  });

  it.each([7, { role: 'user' }, [7]])('refuses the input %j', async input => {
    await expect(made(input as never)).rejects.toThrow('Cannot read the input as it must be a text or a list of texts');
  });

  it('gives options it does not know to generate, which refuses them', async () => {
    await expect(made('the cat', { max_tokens: 3 } as never)).rejects.toThrow('max_tokens');
  });

  it('returns scores with return_dict_in_generate, step by step', async () => {
    const [first] = await made('the cat', { return_dict_in_generate: true, output_scores: true });
    const scores = first!['scores'] as number[][];
    expect(scores).toHaveLength(3);
    expect(scores[0]).toHaveLength(made.model.config['vocab_size'] as number);
    expect(typeof first!.generated_text).toBe('string');
  });

  it('lets a generation_config of the call stand in for options of the pipeline', async () => {
    const [tokens] = await made('the cat', {
      generation_config: { max_new_tokens: 6, do_sample: false },
      return_tensors: true
    });
    const prompt = made.tokenizer.encode('the cat').length;
    expect(tokens!.generated_token_ids).toHaveLength(prompt + 6);
  });

  it('streams', async () => {
    const seen: unknown[] = [];
    await made('the cat', { streamer: { put: ids => void seen.push(ids), end: () => undefined } });
    expect(seen).toHaveLength(4); // the prompt and three tokens
  });
});

describe('image pipelines', () => {
  it('take decoded images as well as paths', async () => {
    const made = await pipeline('image-classification', folder('vit'), options);
    const byPath = await made(image);
    expect(byPath).toHaveLength(5);
    expect(await made(await load_image(image))).toEqual(byPath);
    expect(await made([image], { top_k: 2, timeout: 60 })).toEqual([byPath.slice(0, 2)]);
    await expect(made(undefined as never)).rejects.toThrow(
      'Cannot call the image-classification pipeline without an inputs argument!'
    );
    await expect(made(image, { timeout: 0 })).rejects.toThrow('timeout must be a number of seconds above 0');
    await expect(made(image, { top_k: 0 })).rejects.toThrow('top_k must be a whole number');
    await made.dispose();
  });

  it('need labels where there are none', async () => {
    const made = await pipeline('zero-shot-image-classification', folder('clip'), options);
    for (const candidate_labels of [undefined, [], 'cat', [3]]) {
      await expect(made(image, { candidate_labels: candidate_labels as never })).rejects.toThrow(
        'candidate_labels must be a list of texts'
      );
    }
    await expect(made(image, { candidate_labels: ['cat'], hypothesis_template: 'a cat' })).rejects.toThrow(
      'hypothesis_template must have {}'
    );
    const scores = await made(image, { candidate_labels: ['cat', 'dog'] });
    expect(scores.reduce((n, { score }) => n + score, 0)).toBeCloseTo(1, 5);
    await made.dispose();
  });
});

describe('FeatureExtractionPipeline', () => {
  it('returns Tensors on request', async () => {
    const made = await pipeline('feature-extraction', folder('bert'), options);
    const features = await made('the cat', { return_tensors: true });
    expect(features).toBeInstanceOf(Tensor);
    expect(features.dims).toEqual([1, 4, 16]);
    expect(features.tolist()).toEqual(await made('the cat'));
    await made.dispose();
  });
});
