import { PretrainedConfig } from '../../../../kernel/config/config';
import { memory_plan } from '../../../../kernel/modeling/memory-plan';

const qwen = PretrainedConfig.fromDict({
  model_type: 'qwen',
  hidden_size: 2048,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 11008,
  seq_length: 8192,
  vocab_size: 151936,
  dtype: 'bfloat16'
});
const clip = PretrainedConfig.fromDict({
  model_type: 'clip_vision_model',
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 224,
  patch_size: 14,
  dtype: 'float32'
});

describe('memory_plan()', () => {
  const plan = memory_plan([qwen, clip]);
  const row = (model: string, dtype: string): (typeof plan.rows)[number] =>
    plan.rows.find(r => r.model === model && r.dtype === dtype)!;

  it('plans Qwen-1.8B with CLIP ViT-L for float16, q8 and q4 from configurations alone', () => {
    // 1 836 828 672 parameters, of which the token table has 151936 · 2048, kept in bfloat16.
    const table = 151936 * 2048 * 2;
    expect(row('qwen', 'float16').tables).toBe(table);
    const matrices = 1_836_828_672 - 151936 * 2048;
    const small = 24 * (3 * 2048 + 2 * 2048) + 2048; // biases and norms stay float32
    expect(row('qwen', 'float16').weights).toBe(2 * (matrices - small) + 4 * small);
    // 8 bits and a scale per 32; 4 bits, a scale and half a zero point.
    expect(row('qwen', 'q8').weights / (matrices - small)).toBeCloseTo(1 + 4 / 32, 1);
    expect(row('qwen', 'q4').weights / (matrices - small)).toBeCloseTo(0.5 + 4.5 / 32, 1);
    // 303 million parameters in all.
    expect(row('clip_vision_model', 'float16').weights / 2e6).toBeCloseTo(303, -1);
    expect(plan.totals['q8']).toBe(row('qwen', 'q8').total + row('clip_vision_model', 'q8').total);
  });

  it('counts keys and values of every layer per position, for batch rows and positions asked for', () => {
    expect(row('qwen', 'q4').cache_per_position).toBe(24 * 2 * 2048 * 4);
    expect(row('clip_vision_model', 'q4').cache_per_position).toBe(0);
    const two = memory_plan(qwen, { dtypes: ['q4'], positions: 100, batch: 2 }).rows[0]!;
    expect(two.total - two.weights - two.tables).toBe(200 * two.cache_per_position);
  });

  it('prints a table', () => {
    const text = String(plan);
    expect(text.split('\n')[0]).toMatch(/^model +dtype +weights +tables +cache \(1024\) +total$/);
    expect(text).toMatch(/^qwen +float16 +\d+\.\d MB/m);
    expect(text).toMatch(/^all +q4 +\d+\.\d MB$/m);
  });

  it('refuses what is no configuration', () => {
    expect(() => memory_plan([{ model_type: 'qwen' } as never])).toThrow(/by its configuration: one is object/);
  });
});
