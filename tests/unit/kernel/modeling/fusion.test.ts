import type { InputEmbeddings } from '../../../../kernel/modeling/embeddings';
import { expandRows, fuse_image_features, scatterFeatures, spliceFeatures } from '../../../../kernel/modeling/fusion';
import { Tensor } from '../../../../kernel/tensor/tensor';

const ids = (rows: number[][]): { data: Int32Array; dims: number[] } => ({
  data: Int32Array.from(rows.flat()),
  dims: [rows.length, rows[0]!.length]
});
const features = (dims: number[], from = 100): { data: Float32Array; dims: number[] } => ({
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
  dims
});
/** Id i is embedded as [i, −i]. */
const embed = (row: Int32Array): Float32Array => Float32Array.from([...row].flatMap(i => [i, -i]));
const embeddings = {
  embedding_dim: 2,
  _call: (rows: number[][]) =>
    new Tensor('float32', embed(Int32Array.from(rows.flat())), [rows.length, rows[0]!.length, 2])
} as unknown as InputEmbeddings;
const spec = { token: 9, length: 2, width: 2 };

describe('spliceFeatures()', () => {
  it('puts features where each row has its placeholder', () => {
    const { embeds, spans } = spliceFeatures(
      ids([
        [9, 1, 2],
        [3, 9, 4]
      ]),
      features([2, 2, 2]),
      embed,
      spec
    );
    expect(embeds.dims).toEqual([2, 4, 2]);
    expect(Array.from(embeds.data, Number)).toEqual([
      100, 101, 102, 103, 1, -1, 2, -2, 3, -3, 104, 105, 106, 107, 4, -4
    ]);
    expect(spans).toEqual([
      { column: 0, extra: 1 },
      { column: 1, extra: 1 }
    ]);
  });

  it('refuses rows without one placeholder and features that do not fit', () => {
    const run = (rows: number[][], dims: number[]) => () => spliceFeatures(ids(rows), features(dims), embed, spec);
    expect(run([[1, 2]], [1, 2, 2])).toThrow(/row 0 has none/);
    expect(
      run(
        [
          [9, 2],
          [9, 9]
        ],
        [2, 2, 2]
      )
    ).toThrow(/row 1 has 2/);
    expect(run([[9, 2]], [1, 3, 2])).toThrow(/image_context_length is 2/);
    expect(run([[9, 2]], [1, 2, 4])).toThrow(/hidden_size is 2/);
    expect(run([[9, 2]], [2, 2])).toThrow(/projected features/);
  });
});

describe('scatterFeatures()', () => {
  it('puts features in the places of as many placeholders, in order', () => {
    const rows = [
      [9, 1, 9],
      [2, 9, 9]
    ];
    const embeds = embeddings._call(rows);
    const out = scatterFeatures(ids(rows), features([2, 2, 2]), embeds, 9);
    expect(Array.from(out.data, Number)).toEqual([100, 101, 1, -1, 102, 103, 2, -2, 104, 105, 106, 107]);
    expect(embeds.data[0]).toBe(9);
  });

  it('refuses another number of placeholders or another width', () => {
    const embeds = embeddings._call([[9, 1]]);
    expect(() => scatterFeatures(ids([[9, 1]]), features([2, 2]), embeds, 9)).toThrow(
      /features \(2\): current number is 1/
    );
    expect(() => scatterFeatures(ids([[9, 1]]), features([1, 3]), embeds, 9)).toThrow(/must be 2 wide/);
  });
});

describe('expandRows()', () => {
  it('replaces the placeholder entry by as many fills as the image has positions', () => {
    const out = expandRows(
      ids([
        [5, 6, 7],
        [5, 6, 7]
      ]),
      [
        { column: 0, extra: 2 },
        { column: 2, extra: 2 }
      ],
      -100
    );
    expect(out.dims).toEqual([2, 5]);
    expect(Array.from(out.data, Number)).toEqual([-100, -100, -100, 6, 7, 5, 6, -100, -100, -100]);
  });

  it("fills positions after a prompt's image too: a later step's mask", () => {
    const out = expandRows(ids([[0, 1, 1, 1]]), [{ column: 1, extra: 1 }], 1);
    expect(Array.from(out.data, Number)).toEqual([0, 1, 1, 1, 1]);
  });
});

describe('fuse_image_features()', () => {
  it('splices where rows have one placeholder and scatters where they have many', () => {
    const image = new Tensor('float32', features([1, 2, 2]).data, [1, 2, 2]);
    const one = fuse_image_features([[1, 9]], image, embeddings, 9);
    expect([one.extra, Array.from(one.inputs_embeds.data, Number)]).toEqual([1, [1, -1, 100, 101, 102, 103]]);
    const many = fuse_image_features([[9, 9, 1]], image, embeddings, 9);
    expect([many.extra, Array.from(many.inputs_embeds.data, Number)]).toEqual([0, [100, 101, 102, 103, 1, -1]]);
  });
});
