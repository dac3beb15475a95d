/**
 * The smallest model that tries an engine: y = x·W + b with both weights outside the graph, its ModelProto written by
 * hand so that the engine's test depends on nothing else.
 *
 * @see {@link https://github.com/onnx/onnx/blob/main/onnx/onnx.proto} field numbers
 */

function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      return [...out, rest];
    }
    out.push((rest % 128) | 128);
  }
}

const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...value
];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

const node = (op: string, inputs: string[], output: string): number[] =>
  bytes(1, [...inputs.flatMap(name => text(1, name)), ...text(2, output), ...text(4, op)]);

const external = (name: string, dims: number[], path: string, length: number): number[] =>
  bytes(5, [
    ...dims.flatMap(dim => int(1, dim)),
    ...int(2, 1),
    ...text(8, name),
    ...bytes(13, [...text(1, 'location'), ...text(2, path)]),
    ...bytes(13, [...text(1, 'offset'), ...text(2, '0')]),
    ...bytes(13, [...text(1, 'length'), ...text(2, String(length))]),
    ...int(14, 1)
  ]);

const value = (field: number, name: string, dims: number[]): number[] =>
  bytes(field, [
    ...text(1, name),
    ...bytes(
      2,
      bytes(1, [
        ...int(1, 1),
        ...bytes(
          2,
          dims.flatMap(dim => bytes(1, int(1, dim)))
        )
      ])
    )
  ]);

/** y[1, columns] = x[1, rows]·W[rows, columns] + b[columns]; the weights' locations are `w/W` and `w/b`. */
export function twoNodeGraph(rows: number, columns: number): Uint8Array {
  const graph = [
    ...node('MatMul', ['x', 'W'], 'xw'),
    ...node('Add', ['xw', 'b'], 'y'),
    ...text(2, 'two'),
    ...external('W', [rows, columns], 'w/W', rows * columns * 4),
    ...external('b', [columns], 'w/b', columns * 4),
    ...value(11, 'x', [1, rows]),
    ...value(12, 'y', [1, columns])
  ];
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, int(2, 13))]);
}
