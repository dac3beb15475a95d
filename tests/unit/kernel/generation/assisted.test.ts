import { generate } from '../../../../kernel/generation/generate';
import type { GenerateOutput } from '../../../../kernel/generation/output';
import { Tensor } from '../../../../kernel/tensor/tensor';
import { assistantTable, TableModel, VOCAB } from './table-model';

const ENDS = { eos_token_id: 11, pad_token_id: 0 };
const PROMPT = [[2, 2, 2, 2, 2]];

function ids(out: unknown): number[] {
  return Array.from((out as Tensor).data as ArrayLike<unknown>, Number);
}

describe('assistedDecoding', () => {
  it('assistedDecoding takes fewer passes where drafts are right', async () => {
    const plain = new TableModel();
    const drafting = new TableModel();
    const same = new TableModel();
    const expected = ids(await generate(plain, { input_ids: PROMPT, max_new_tokens: 20 }));
    const got = ids(await generate(drafting, { input_ids: PROMPT, max_new_tokens: 20, assistant_model: same }));
    expect(got).toEqual(expected);
    expect(drafting.passes.length).toBeLessThan(plain.passes.length / 2);
  });

  it("assistedDecoding frees the assistant's cache", async () => {
    const assistant = new TableModel({}, assistantTable);
    await generate(new TableModel(), { input_ids: PROMPT, max_new_tokens: 8, assistant_model: assistant });
    const caches = new Set(assistant.passes.map(inputs => inputs['past_key_values']).filter(Boolean));
    expect([...caches].every(cache => (cache as { disposed: boolean }).disposed)).toBe(true);
    expect(caches.size).toBe(1);
  });

  it.each([
    [
      'an assistant',
      () => ({
        assistant_model: new TableModel({ num_assistant_tokens: 3, assistant_confidence_threshold: 0 }, assistantTable)
      })
    ],
    ['prompt lookup', () => ({ prompt_lookup_num_tokens: 3 })]
  ])(
    "assistedDecoding with %s samples from the model's distribution",
    async (_name, extra) => {
      const options = { input_ids: [[2, 7, 2, 7, 2]], max_new_tokens: 2, do_sample: true, top_k: 0, temperature: 3 };
      const runs = 600;
      const counts = { plain: new Array<number>(VOCAB).fill(0), assisted: new Array<number>(VOCAB).fill(0) };
      for (let seed = 0; seed < runs; seed++) {
        counts.plain[ids(await generate(new TableModel(), { ...options, seed })).at(-1)!]!++;
        counts.assisted[
          ids(await generate(new TableModel(), { ...options, seed: seed + runs, ...extra() })).at(-1)!
        ]!++;
      }
      // Pearson's chi-squared for two samples; 23 degrees of freedom exceed 49.7 once in a thousand tries.
      let chi = 0;
      for (let id = 0; id < VOCAB; id++) {
        const [a, b] = [counts.plain[id]!, counts.assisted[id]!];
        chi += a + b ? (a - b) ** 2 / (a + b) : 0;
      }
      expect(chi).toBeLessThan(49.7);
    },
    60000
  );

  it('assistedDecoding leaves what each step saw, as decoding without drafts does', async () => {
    const extras = {
      return_dict_in_generate: true,
      output_attentions: true,
      output_hidden_states: true,
      output_logits: true
    };
    const plain = (await generate(new TableModel(ENDS), {
      input_ids: PROMPT,
      max_new_tokens: 9,
      ...extras
    })) as GenerateOutput;
    const drafted = (await generate(new TableModel(ENDS), {
      input_ids: PROMPT,
      max_new_tokens: 9,
      assistant_model: new TableModel(ENDS),
      ...extras
    })) as GenerateOutput;
    const numbers = (steps: readonly (readonly Tensor[])[]): unknown =>
      steps.map(step => step.map(t => [[...t.dims], Array.from(t.data as Float32Array)]));
    expect(numbers(drafted.attentions!)).toEqual(numbers(plain.attentions!));
    expect(numbers(drafted.hidden_states!)).toEqual(numbers(plain.hidden_states!));
    expect(numbers([drafted.logits!])).toEqual(numbers([plain.logits!]));
  });

  it('assistedDecoding throws when vocabularies differ and no tokenizers are given', async () => {
    const assistant = new TableModel();
    assistant.config.vocab_size = 99;
    await expect(
      generate(new TableModel(), { input_ids: PROMPT, max_new_tokens: 2, assistant_model: assistant })
    ).rejects.toThrow(
      'The main and assistant models have different tokenizers. Please provide `tokenizer` and `assistant_tokenizer` to `generate()`'
    );
  });

  it('assistedDecoding exchanges texts with an assistant of another vocabulary', async () => {
    // Both spell ids as words; the assistant's words have numbers of their own.
    const words = (shift: number) => ({
      decode: (list: readonly number[]) => list.map(id => `w${(id + shift) % VOCAB} `).join(''),
      encode: (text: string) =>
        text
          .split(' ')
          .filter(Boolean)
          .map(word => (Number(word.slice(1)) + VOCAB - shift) % VOCAB)
    });
    const assistant = new TableModel();
    assistant.config.vocab_size = 99;
    const expected = ids(await generate(new TableModel(), { input_ids: PROMPT, max_new_tokens: 10 }));
    for (const shift of [0, 5]) {
      const model = new TableModel();
      const got = ids(
        await generate(model, {
          input_ids: PROMPT,
          max_new_tokens: 10,
          assistant_model: assistant,
          tokenizer: words(0),
          assistant_tokenizer: words(shift)
        })
      );
      expect(got).toEqual(expected);
      // With the same words the drafts are right as long as the assistant is sure, with others they seldom are.
      expect(model.passes.length < 6).toBe(shift === 0);
    }
  });

  it('assistedDecoding refuses guidance, whose own text cannot be taken back', async () => {
    await expect(
      generate(new TableModel(), {
        input_ids: PROMPT,
        max_new_tokens: 2,
        prompt_lookup_num_tokens: 2,
        guidance_scale: 2
      })
    ).rejects.toThrow('Cannot use guidance_scale with drafts');
  });
});
