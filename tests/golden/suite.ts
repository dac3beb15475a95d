import { AutoModelForCausalLM, AutoTokenizer, setHost, setNotices, Tensor, type PreTrainedModel } from '../../kernel';
import { createNodeHost } from '../../kernel/host/node';
import { isPresent, type Golden } from './golden';

/** What a test of a golden fact gets. */
interface Loaded {
  readonly model: PreTrainedModel;
}

/**
 * Registers the facts every model has: tokens, logits, attention and generation of one file against Python.
 *
 * @param name Folder of the model.
 * @param golden Its facts.
 * @param device Where it runs.
 * @param whole Also the head scores over five seeds, which take minutes.
 */
export function goldenSuite(name: string, golden: Golden, device: 'cpu' | 'wasm', whole: boolean): void {
  if (!isPresent(name)) {
    it.skip(`${name} is in no model folder: jupyter loupe pull fetches the default model, LOUPE_MODEL_DIRS names others`, () =>
      undefined);
    return;
  }
  describe(`${name} on ${device === 'cpu' ? 'onnxruntime-node' : 'WASM'}`, () => {
    let model: PreTrainedModel;

    beforeAll(async () => {
      setHost(createNodeHost());
      setNotices(() => undefined);
      const options = { device, dtype: 'float32', local_files_only: true };
      model = await AutoModelForCausalLM.from_pretrained(name, options);
    }, 600_000);
    afterAll(() => model?.dispose());

    const fact = (claim: string, check: (loaded: Loaded) => Promise<void>, timeout?: number): void =>
      it(claim, () => check({ model }), timeout);

    fact('has the sizes Python reads from the file', async ({ model }) => {
      const { layers, heads, kv_heads, head_dim } = golden.model;
      const { config } = model;
      expect([config['num_hidden_layers'], config['num_attention_heads'], config['num_key_value_heads']]).toEqual([
        layers,
        heads,
        kv_heads
      ]);
      expect(config['head_dim'] ?? Number(config['hidden_size']) / heads).toBe(head_dim);
    });

    fact('tokenises as Python', async () => {
      const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
      const ids = (text: string): number[] => [...tokenizer.encode(text)].map(Number);
      expect(ids(golden.attention_sink.text)).toEqual(golden.attention_sink.token_ids);
      expect(ids(golden.ioi.clean)).toEqual(golden.ioi.clean_ids);
    });

    fact('gives each token of a text the log-probability Python gives', async ({ model }) => {
      const { token_ids, token_log_probs, mean_nll } = golden.attention_sink;
      const out = await model.forward({ input_ids: [token_ids], labels: [token_ids] });
      const logProbs = (out['logits'] as Tensor).log_softmax(-1);
      const got = token_ids.slice(1).map((id, i) => logProbs.at(0, i, id).item());
      // Written with four digits; sums of 576 or more products in another order move logits by up to 1e-3.
      got.forEach((value, i) => expect(Math.abs(value - token_log_probs[i]!)).toBeLessThan(1.5e-3));
      expect((out['loss'] as Tensor).item()).toBeCloseTo(mean_nll, 3);
    });

    fact('looks at the first token as much as in Python', async ({ model }) => {
      const { token_ids, mean_over_heads, heads_above_half } = golden.attention_sink;
      const out = await model.forward({ input_ids: [token_ids], output_attentions: true });
      const perHead = (out['attentions'] as readonly Tensor[]).flatMap(
        layer => layer.slice(0, null, [1], 0).mean(-1).tolist() as number[]
      );
      expect(perHead).toHaveLength(golden.model.layers * golden.model.heads);
      expect(perHead.reduce((a, b) => a + b, 0) / perHead.length).toBeCloseTo(mean_over_heads, 3);
      expect(perHead.filter(score => score > 0.5)).toHaveLength(heads_above_half);
    });

    fact('has the massive activation Python has', async ({ model }) => {
      const { token_ids, max_abs_residual_element } = golden.attention_sink;
      const out = await model.forward({ input_ids: [token_ids], output_hidden_states: true });
      // The last entry is after the final norm.
      const largest = (out['hidden_states'] as readonly Tensor[]).slice(0, -1).map(x => x.abs().max().item());
      expect(Math.max(...largest) / max_abs_residual_element).toBeCloseTo(1, 2);
    });

    fact('prefers the indirect object by the logits Python has', async ({ model }) => {
      const { clean_ids, corrupted_ids, io, s, logit_diff_clean, logit_diff_corrupted } = golden.ioi;
      const out = await model.forward({ input_ids: [clean_ids, corrupted_ids] });
      const last = (out['logits'] as Tensor).slice(null, -1);
      const differences = [0, 1].map(row => last.at(row, io.id).item() - last.at(row, s.id).item());
      expect(differences[0]).toBeCloseTo(logit_diff_clean, 2);
      expect(differences[1]).toBeCloseTo(logit_diff_corrupted, 2);
    });

    if (golden.ioi_8_prompts) {
      const { prompts, mean_logit_diff } = golden.ioi_8_prompts;
      fact('prefers it on eight prompts', async ({ model }) => {
        const differences: number[] = [];
        for (const { token_ids, io, s, logit_diff } of prompts) {
          const out = await model.forward({ input_ids: [token_ids], logits_to_keep: 1 });
          const last = (out['logits'] as Tensor).at(0, -1);
          differences.push(last.at(io[0]).item() - last.at(s[0]).item());
          expect(differences.at(-1)).toBeCloseTo(logit_diff, 2);
        }
        expect(differences.reduce((a, b) => a + b, 0) / differences.length).toBeCloseTo(mean_logit_diff, 2);
      });
    }

    if (golden.greedy_generation) {
      const { prompt, ids, text } = golden.greedy_generation;
      fact('writes what Python writes, token for token', async ({ model }) => {
        const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
        const inputs = await tokenizer(prompt);
        const input_ids = (inputs as unknown as { input_ids: Tensor }).input_ids;
        const length = input_ids.dims.at(-1)!;
        const options = { max_new_tokens: ids.length - length, do_sample: false };
        const out = (await model.generate({ input_ids, ...options })) as Tensor;
        expect(out.tolist()).toEqual([ids]);
        expect(tokenizer.decode(ids as number[])).toBe(text);
        const uncached = (await model.generate({ input_ids, ...options, use_cache: false })) as Tensor;
        expect(uncached.tolist()).toEqual([ids]);
      });
    }

    if (whole) {
      fact('scores every head as Python does on repeated random tokens', model => headScores(model, golden), 600_000);
    }
  });
}

/** Mean over a diagonal of each head's pattern, queries from `from` to `to`, key = query − offset. */
function diagonal(pattern: Tensor, from: number, to: number, key: (query: number) => number): number[] {
  const [, heads, , keys] = pattern.dims as [number, number, number, number];
  const values = pattern.numbers();
  return Array.from({ length: heads }, (_, head) => {
    let sum = 0;
    for (let query = from; query < to; query++) {
      sum += values[(head * keys + query) * keys + key(query)]!;
    }
    return sum / (to - from);
  });
}

async function headScores({ model }: Loaded, golden: Golden): Promise<void> {
  const { T, prefix_token, token_ids, full, top, loss_nats } = golden.repeated_random_tokens;
  const length = 2 * T + 1;
  const kinds: { [kind: string]: (pattern: Tensor) => number[] } = {
    induction: p => diagonal(p, 1 + T, length, q => q - T + 1),
    duplicate: p => diagonal(p, 1 + T, length, q => q - T),
    previous: p => diagonal(p, 1, length, q => q - 1),
    first: p => diagonal(p, 1, length, () => 0),
    self: p => diagonal(p, 0, length, q => q)
  };
  const sums = new Map(Object.keys(kinds).map(kind => [kind, full[kind]!.map(heads => heads.map(() => 0))] as const));
  for (const [seed, part] of token_ids.entries()) {
    const ids = [prefix_token, ...part, ...part];
    const out = await model.forward({ input_ids: [ids], output_attentions: true });
    for (const [kind, score] of Object.entries(kinds)) {
      (out['attentions'] as readonly Tensor[]).forEach((pattern, layer) =>
        score(pattern).forEach((value, head) => {
          sums.get(kind)![layer]![head]! += value / token_ids.length;
        })
      );
    }
    const logProbs = (out['logits'] as Tensor).log_softmax(-1);
    const nll = ids.slice(1).map((id, i) => -logProbs.at(0, i, id).item());
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(nll.slice(0, T))).toBeCloseTo(loss_nats[seed]!.first_half, 2);
    expect(mean(nll.slice(T))).toBeCloseTo(loss_nats[seed]!.second_half, 2);
  }
  for (const [kind, table] of sums) {
    table.forEach((heads, layer) =>
      heads.forEach((value, head) => expect(Math.abs(value - full[kind]![layer]![head]!)).toBeLessThan(2e-4))
    );
    const best = table
      .flatMap((heads, layer) => heads.map((score, index) => ({ head: `L${layer}H${index}`, score })))
      .sort((a, b) => b.score - a.score)
      .slice(0, 6);
    expect(best.map(one => one.head)).toEqual(top[kind]!.slice(0, 6).map(one => one.head));
  }
}
