/** One example of every view, from real data: compared as figures, drawn in a browser, shown in the gallery. */
import * as plots from '../../kernel/plots';
import type { View } from '../../kernel/plots';
import { attentions, golden, lastLogits, name, run, tokens } from './data';

export const examples: { [name: string]: () => View } = {
  attention: () => plots.attention_view(attentions(), tokens, { layer: 18, head: 6 }),
  model: () =>
    plots.model_view(attentions(), tokens, { layer: 18, head: 6, kv_heads: 3, note: 'SmolLM2-135M-Instruct, weights as stored (Q4_1)' }),
  head: () => plots.head_view(attentions(), tokens, { layer: 16 }),
  logits: () => plots.logits_view(lastLogits(), name, { top_k: 10 })
};

void golden;
void run;
