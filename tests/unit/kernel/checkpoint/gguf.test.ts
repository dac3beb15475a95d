import { createHash } from 'node:crypto';
import { decode } from '../../../../kernel/checkpoint/decode';
import { readGguf } from '../../../../kernel/checkpoint/gguf';
import { ggufArchitectures, ggufConfig } from '../../../../kernel/checkpoint/gguf-config';
import { openCheckpoint, openGguf } from '../../../../kernel/checkpoint/open';
import { fixture, jsonFixture } from './fixtures';
import { MemorySource, memoryFolder } from './memory-folder';

interface Record_ {
  tensors: Record<string, [number[], string]>;
  config: Record<string, unknown> | null;
}

const records = jsonFixture<Record<string, Record_>>('gguf.json');
const architectures = Object.keys(records);
const folder = (arch: string): ReturnType<typeof memoryFolder> =>
  memoryFolder({ [`${arch}.gguf`]: fixture(`${arch}.gguf`) });

const digest = (values: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')
    .slice(0, 16);

describe('openCheckpoint() of GGUF', () => {
  it('has a fixture for every architecture it reads', () => {
    // A file of "mistral" is one of "llama" under another name.
    const covered = new Set([...architectures.map(name => name.split('-')[0]), 'mistral']);
    expect([...covered].sort()).toEqual([...ggufArchitectures].sort());
  });

  it.each(architectures)('gives names, dims and values of Python for %s', async arch => {
    const checkpoint = await openCheckpoint(folder(arch));
    const { tensors } = records[arch]!;
    expect([...checkpoint.names].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, [dims, hash]] of Object.entries(tensors)) {
      const raw = await checkpoint.read(name);
      expect([name, checkpoint.info(name).dims, raw.dims]).toEqual([name, dims, dims]);
      expect([name, digest(decode(raw))]).toEqual([name, hash]);
    }
  });

  it.each(architectures)('gives rows as of the whole for %s', async arch => {
    const checkpoint = await openCheckpoint(folder(arch));
    for (const name of checkpoint.names) {
      const whole = decode(await checkpoint.read(name));
      const [count = 1, ...rest] = checkpoint.info(name).dims;
      const width = rest.reduce((a, b) => a * b, 1);
      const rows = checkpoint.readRowsSync!(name, count - 2, count);
      expect([...decode(rows)]).toEqual([...whole.subarray((count - 2) * width)]);
    }
  });

  it('says how tensors are stored', async () => {
    const gpt2 = await openCheckpoint(folder('gpt2'));
    expect(gpt2.info('transformer.h.1.attn.c_attn.weight')).toMatchObject({
      dtype: 'F32',
      stored: 'Q8_0',
      dims: [32, 96]
    });
    const llama = await openCheckpoint(folder('llama'));
    expect(llama.info('model.layers.1.self_attn.q_proj.weight')).toMatchObject({ dtype: 'Q8_0', stored: 'Q8_0' });
    expect(llama.metadata['general.architecture']).toBe('llama');
  });

  it('takes the file named, and asks for a name where several are', async () => {
    const two = memoryFolder({ 'a.gguf': fixture('llama.gguf'), 'b.gguf': fixture('qwen2.gguf') });
    expect((await openCheckpoint(two, { gguf_file: 'b.gguf' })).metadata['general.architecture']).toBe('qwen2');
    await expect(openCheckpoint(two)).rejects.toThrow(/gguf_file must name one: there are a.gguf, b.gguf/);
    await expect(openCheckpoint(two, { gguf_file: 'c.gguf' })).rejects.toThrow(/must contain c.gguf: it has a.gguf/);
  });
});

describe('openGguf()', () => {
  it('reads the header once for configuration, tokenizer and weights', async () => {
    const source = new MemorySource('once.gguf', fixture('llama.gguf'));
    const folder_ = { name: 'm', open: () => Promise.resolve(source), list: () => Promise.resolve(['once.gguf']) };
    await Promise.all([openGguf(folder_), openGguf(folder_)]);
    const { metadata } = (await openGguf(folder_))!;
    expect(metadata['general.architecture']).toBe('llama');
    expect(source.reads).toHaveLength(1);
  });

  it('reads it again after a load that was aborted, and for another file of the same name', async () => {
    const bytes = fixture('llama.gguf');
    let source = new MemorySource('aborted.gguf', bytes);
    jest.spyOn(source, 'read').mockRejectedValueOnce(new Error('aborted'));
    const folder_ = { name: 'm', open: () => Promise.resolve(source), list: () => Promise.resolve(['aborted.gguf']) };
    const first = openGguf(folder_);
    const second = openGguf(folder_);
    await expect(first).rejects.toThrow('aborted');
    expect((await second)!.metadata['general.architecture']).toBe('llama');
    source = new MemorySource('aborted.gguf', fixture('qwen2.gguf'));
    expect((await openGguf(folder_))!.metadata['general.architecture']).toBe('qwen2');
  });
});

describe('openCheckpoint() of GGUF files that are not whole models', () => {
  it('passes over a vision tower next to the model', async () => {
    const files = { 'm.gguf': fixture('llama.gguf'), 'mmproj-m.gguf': fixture('qwen2.gguf') };
    expect((await openCheckpoint(memoryFolder(files))).metadata['general.architecture']).toBe('llama');
  });

  it('refuses one part of several, saying how to join them', async () => {
    const source = header(0, 2).text('general.architecture').u32(8).text('llama').text('split.count').u32(2).raw(3, 0);
    const bytes = source.source().readSync(0, source.source().size);
    await expect(openCheckpoint(memoryFolder({ 'm.gguf': bytes }))).rejects.toThrow(/one of 3; join them with/);
  });
});

describe('ggufConfig()', () => {
  // What Python reads and never uses, or drops.
  const spelt: Record<string, string> = { feed_forward_length: 'n_inner' };

  it.each(architectures.filter(arch => records[arch]!.config))('has the values of Python for %s', async arch => {
    const config = await ggufConfig((await openGguf(folder(arch)))!);
    // T5Config makes is_gated_act of feed_forward_proj, which is given instead.
    const keys = Object.entries(records[arch]!.config!).filter(([key]) => key !== 'is_gated_act');
    for (const [key, value] of keys) {
      expect([key, config[spelt[key] ?? key]]).toEqual([key, value]);
    }
  });

  it('states head sizes Python drops, and names all sizes of the rest', async () => {
    expect(await ggufConfig((await openGguf(folder('qwen3')))!)).toMatchObject({ head_dim: 16, hidden_size: 32 });
    expect(await ggufConfig((await openGguf(folder('stablelm')))!)).toMatchObject({
      partial_rotary_factor: 0.25,
      use_qkv_bias: true
    });
    expect(await ggufConfig((await openGguf(folder('gptneox')))!)).toMatchObject({
      model_type: 'gpt_neox',
      num_attention_heads: 4,
      rotary_pct: 0.25,
      tie_word_embeddings: false
    });
  });
});

/** Builds GGUF headers by hand. */
class Writer {
  private readonly _bytes: number[] = [];

  raw(...bytes: number[]): this {
    this._bytes.push(...bytes);
    return this;
  }

  u32(value: number): this {
    return this.raw(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  }

  u64(value: number | bigint): this {
    const big = BigInt.asUintN(64, BigInt(value));
    return this.u32(Number(big & 0xffffffffn)).u32(Number(big >> 32n));
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u64(bytes.length).raw(...bytes);
  }

  source(data = 0): MemorySource {
    const bytes = new Uint8Array(this._bytes.length + data);
    bytes.set(this._bytes);
    return new MemorySource('f.gguf', bytes);
  }
}

const header = (tensors: number | bigint, values: number | bigint, version = 3): Writer =>
  new Writer().raw(0x47, 0x47, 0x55, 0x46).u32(version).u64(tensors).u64(values);
const tensor = (
  writer: Writer,
  name: string,
  dims: (number | bigint)[],
  type: number,
  offset: number | bigint
): Writer => {
  writer.text(name).u32(dims.length);
  dims.forEach(dim => writer.u64(dim));
  return writer.u32(type).u64(offset);
};

describe('readGguf()', () => {
  it('reads every value type', async () => {
    const writer = header(0, 9);
    writer.text('u8').u32(0).raw(200);
    writer.text('i8').u32(1).raw(200);
    writer.text('bool').u32(7).raw(1);
    writer.text('i16').u32(3).raw(0xfe, 0xff);
    writer.text('f32').u32(6).u32(0x40490fdb);
    writer
      .text('big')
      .u32(10)
      .u64(2n ** 63n);
    writer.text('small').u32(11).u64(-5n);
    writer.text('texts').u32(9).u32(8).u64(2).text('a').text('ü');
    writer.text('nested').u32(9).u32(9).u64(1).u32(4).u64(2).u32(1).u32(2);
    const { metadata } = await readGguf(writer.source());
    expect({ ...metadata }).toEqual({
      u8: 200,
      i8: -56,
      bool: true,
      i16: -2,
      f32: Math.fround(Math.PI),
      big: 2n ** 63n,
      small: -5,
      texts: ['a', 'ü'],
      nested: [[1, 2]]
    });
  });

  it('reads a header of several megabytes in pieces', async () => {
    const count = 100_000;
    const writer = header(0, 1).text('tokens').u32(9).u32(8).u64(count);
    for (let i = 0; i < count; i++) {
      writer.text(`token ${i}`);
    }
    const source = writer.source();
    const { metadata } = await readGguf(source);
    const tokens = metadata['tokens'] as string[];
    expect([tokens.length, tokens[0], tokens.at(-1)]).toEqual([count, 'token 0', 'token 99999']);
    // Each byte once, the last piece no longer than the file.
    expect(source.reads).toEqual([
      [0, 1 << 20],
      [1 << 20, source.size]
    ]);
  });

  it('keeps a key named __proto__ from doing anything', async () => {
    const { metadata } = await readGguf(header(0, 1).text('__proto__').u32(9).u32(4).u64(1).u32(1).source());
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(({} as { length?: number }).length).toBeUndefined();
  });

  it.each<[string, MemorySource, RegExp]>([
    ['an empty file', new MemorySource('f.gguf', new Uint8Array(0)), /at least 24 bytes/],
    ['another file', new MemorySource('f.gguf', new Uint8Array(64)), /must begin with "GGUF"/],
    ['an unknown version', header(0, 0, 4).source(), /version must be 2 or 3.*: current value is 4/],
    ['a big-endian file', header(0, 0, 0x03000000).source(), /little-endian/],
    ['too many tensors', header(2n ** 60n, 0).source(), /number of tensors must fit/],
    ['too many values', header(0, 2n ** 60n).source(), /number of metadata values must fit/],
    ['a key that is cut', header(0, 1).u64(50).source(20), /length of a string must fit/],
    [
      'an unknown value type',
      header(0, 1).text('k').u32(13).source(8),
      /value type of metadata key "k" must be known: it is 13/
    ],
    [
      'an unknown element type',
      header(0, 1).text('k').u32(9).u32(13).u64(1).source(8),
      /element type of metadata key "k"/
    ],
    [
      'a huge array',
      header(0, 1)
        .text('k')
        .u32(9)
        .u32(0)
        .u64(2n ** 40n)
        .source(8),
      /length of metadata key "k" must fit/
    ],
    [
      'arrays nested too deep',
      [1, 2, 3, 4, 5].reduce(w => w.u32(9).u64(1), header(0, 1).text('k').u32(9)).source(64),
      /nested at most 4 deep/
    ],
    ['a key twice', header(0, 2).text('k').u32(0).raw(1).text('k').u32(0).raw(1).source(), /"k" occurs again/],
    [
      'a bad alignment',
      header(0, 1).text('general.alignment').u32(4).u32(3).source(),
      /power of two: current value is 3/
    ],
    ['an unknown tensor type', tensor(header(1, 0), 't', [4], 99, 0).source(64), /tensor "t", as its type.*99/],
    ['a type nothing decodes', tensor(header(1, 0), 't', [256], 19, 0).source(64), /IQ1_S/],
    ['too many dimensions', header(1, 0).text('t').u32(5).source(64), /at most 4 dimensions/],
    ['parts of blocks', tensor(header(1, 0), 't', [33], 8, 0).source(64), /whole blocks of 32 values for Q8_0/],
    ['a size that overflows', tensor(header(1, 0), 't', [2n ** 40n, 2n ** 40n], 0, 0).source(64), /whole blocks/],
    ['a dimension beyond 2^53', tensor(header(1, 0), 't', [2n ** 60n], 0, 0).source(64), /below 2\^53/],
    ['an offset beyond the file', tensor(header(1, 0), 't', [4], 0, 4096).source(64), /within the file's/],
    ['a name twice', tensor(tensor(header(2, 0), 't', [1], 0, 0), 't', [1], 0, 32).source(128), /name must occur once/],
    [
      'tensors that overlap',
      tensor(tensor(header(2, 0), 'a', [8], 0, 0), 'b', [8], 0, 16).source(128),
      /tensor "b", as its data must not overlap another tensor's: it overlaps a/
    ]
  ])('refuses %s, naming the file', async (_, source, message) => {
    await expect(readGguf(source)).rejects.toThrow(message);
    await expect(readGguf(source)).rejects.toThrow(/^Cannot load f\.gguf/);
    await expect(readGguf(source)).rejects.toMatchObject({ name: 'CheckpointError' });
  });

  it('refuses an architecture it does not know, listing those it does', async () => {
    const writer = header(0, 1).text('general.architecture').u32(8).text('__proto__');
    await expect(
      openCheckpoint(memoryFolder({ 'f.gguf': writer.source().readSync(0, writer.source().size) }))
    ).rejects.toThrow(/general\.architecture must be one of llama, .*: current value is "__proto__"/);
  });
});

describe('ggufConfig() of scaled rotary positions', () => {
  /** A llama file with these extra values and tensors of factors. */
  async function config(
    values: (writer: Writer) => Writer,
    tensors: Record<string, number[]>
  ): Promise<Record<string, unknown>> {
    const names = Object.keys(tensors);
    const numbers: [string, number][] = [
      ['block_count', 1],
      ['embedding_length', 8],
      ['attention.head_count', 2],
      ['context_length', 131072]
    ];
    let writer = header(names.length, 2 + numbers.length + (values === none ? 0 : 3));
    writer.text('general.architecture').u32(8).text('llama');
    writer.text('llama.rope.freq_base').u32(4).u32(500000);
    numbers.forEach(([key, value]) => writer.text(`llama.${key}`).u32(4).u32(value));
    writer = values(writer);
    names.forEach((name, i) => tensor(writer, name, [tensors[name]!.length], 0, 512 * i));
    const head = writer.source();
    const start = Math.ceil(head.size / 32) * 32;
    const bytes = new Uint8Array(start + 512 * names.length);
    bytes.set(head.readSync(0, head.size));
    names.forEach((name, i) => bytes.set(new Uint8Array(Float32Array.from(tensors[name]!).buffer), start + 512 * i));
    return ggufConfig(await readGguf(new MemorySource('f.gguf', bytes)));
  }
  const none = (writer: Writer): Writer => writer;

  it('reads linear and yarn scaling from the metadata', async () => {
    const values = (writer: Writer): Writer =>
      writer
        .text('llama.rope.scaling.type')
        .u32(8)
        .text('yarn')
        .text('llama.rope.scaling.factor')
        .u32(6)
        .u32(0x40800000)
        .text('llama.rope.scaling.original_context_length')
        .u32(4)
        .u32(32768);
    expect((await config(values, {}))['rope_scaling']).toEqual({
      rope_type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 32768
    });
  });

  it("recognises Llama 3's factors", async () => {
    // Llama-3.2-1B: head_dim 64, theta 500000, factor 32; computed as in transformers' modeling_rope_utils.
    const factors = Array.from({ length: 32 }, (_, i) => {
      const wavelength = 2 * Math.PI * 500000 ** (i / 32);
      const smooth = (8192 / wavelength - 1) / 3;
      return wavelength < 2048 ? 1 : wavelength > 8192 ? 32 : 1 / ((1 - smooth) / 32 + smooth);
    });
    expect((await config(none, { 'rope_freqs.weight': factors }))['rope_scaling']).toEqual({
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192
    });
  });

  it('keeps other factors as they are, and none where all are one', async () => {
    expect((await config(none, { 'rope_freqs.weight': [1, 2] }))['rope_scaling']).toMatchObject({
      long_factor: [1, 2],
      short_factor: [1, 2],
      attention_factor: 1
    });
    expect(await config(none, { 'rope_freqs.weight': [1, 1] })).not.toHaveProperty('rope_scaling');
  });

  it("reads Phi-3's long and short factors", async () => {
    const read = await config(none, { 'rope_factors_long.weight': [4, 8], 'rope_factors_short.weight': [1, 1.5] });
    expect(read['rope_scaling']).toEqual({ rope_type: 'longrope', long_factor: [4, 8], short_factor: [1, 1.5] });
  });
});
