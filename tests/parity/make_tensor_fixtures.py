"""Writes tests/unit/kernel/tensor/torch.json: what PyTorch gives for the tensor operations of kernel/tensor.

    python make_tensor_fixtures.py

A case is a method with arguments; a dict argument is a tensor.
"""

import json
import pathlib

import torch

OUT = pathlib.Path(__file__).parents[1] / "unit/kernel/tensor/torch.json"
G = torch.Generator().manual_seed(7)


def values(x):
    flat = x.flatten().tolist()
    return [v if v == v and abs(v) != float("inf") else str(v) for v in map(float, flat)]


def dump(x):
    return dict(dtype=str(x.dtype).split(".")[1], dims=list(x.shape), values=values(x))


def rand(*shape):
    return torch.randn(*shape, generator=G)


A = rand(2, 3, 4)
B = rand(3, 4)
M = rand(4, 5)
I = torch.tensor([[3, -1, 2], [0, 5, -7]])
H = rand(2, 3).half()
BOOL = torch.tensor([True, False, True])
TIES = torch.tensor([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, -1.0, 0.0]])
ODD = torch.tensor([float("nan"), 1.0, float("inf"), -2.0, float("-inf")])
WIDE = rand(3, 40)

CASES = [
    *[(A, "sum", args) for args in ([], [0], [-1, True], [[0, 2]], [[0, 2], True])],
    *[(A, "mean", args) for args in ([], [1], [[1, 2]])],
    *[(A, "std", args) for args in ([], [2])],
    (A, "var", [1, True]),
    *[(A, "prod", args) for args in ([], [1])],
    *[(A, "norm", args) for args in ([], [2, -1], [1, 0], [float("inf"), 1], [3, 2])],
    *[(A, "max", args) for args in ([], [1], [2, True])],
    *[(A, "min", args) for args in ([], [0])],
    *[(A, "argmax", args) for args in ([], [1], [-1, True])],
    *[(A, "argmin", args) for args in ([], [2])],
    *[(A, "softmax", [dim]) for dim in (-1, 0, 1)],
    *[(A, "log_softmax", [dim]) for dim in (-1, 0)],
    (A.mul(300), "log_softmax", [-1]),
    *[(A, "logsumexp", args) for args in ([1], [-1, True])],
    *[(A, "cumsum", [dim]) for dim in (0, -1)],
    *[(A, name, []) for name in "abs neg exp tanh sigmoid relu sign round floor ceil square sin cos erf".split()],
    *[(A.abs(), name, []) for name in "log log2 sqrt rsqrt".split()],
    *[(A, "clamp", args) for args in ([-0.5, 0.5], [0.0])],
    *[(A, name, [B]) for name in "add sub mul div maximum minimum".split()],
    *[(A, name, [2.5]) for name in "add sub mul div pow remainder".split()],
    *[(A, name, [B]) for name in "lt le gt ge eq ne".split()],
    *[(I, name, [2]) for name in "add mul div sub remainder eq gt".split()],
    (I, "mul", [0.5]),
    (I, "remainder", [-3]),
    (I, "add", [BOOL]),
    (I, "mul", [rand(2, 1)]),
    (BOOL, "add", [1]),
    (BOOL, "sum", []),
    (I, "sum", [1]),
    (I, "abs", []),
    (H, "add", [H]),
    (H, "mul", [0.1]),
    (H, "softmax", [-1]),
    (H, "sum", [0]),
    (H, "mul", [rand(2, 3)]),
    *[(A, "matmul", [other]) for other in (M, rand(4), rand(2, 4, 3), rand(5, 1, 4, 2))],
    (rand(4), "matmul", [M]),
    (rand(4), "matmul", [rand(4)]),
    (rand(4), "matmul", [rand(3, 4, 2)]),
    (I, "matmul", [I.T.contiguous()]),
    (A, "reshape", [[4, 6]]),
    (A, "reshape", [[-1, 2]]),
    (A, "permute", [[2, 0, 1]]),
    (A, "transpose", [0, 2]),
    (A, "transpose", [-1, -2]),
    (A, "flatten", [1]),
    (A, "flatten", []),
    (A, "unsqueeze", [0]),
    (A, "unsqueeze", [-1]),
    (A.unsqueeze(1), "squeeze", []),
    (A.unsqueeze(1), "squeeze", [1]),
    (A, "squeeze", [0]),
    (A, "select", [1, -1]),
    (A, "narrow", [2, 1, 2]),
    (A, "index_select", [2, torch.tensor([3, 0, 0])]),
    (A, "gather", [2, torch.tensor([[[0, 3]], [[1, 1]]])]),
    (B, "masked_fill", [B > 0, -9.0]),
    (B, "tril", []),
    (B, "triu", [1]),
    (B, "diagonal", [1]),
    (B, "expand", [[2, 3, 4]]),
    (rand(3, 1), "expand", [[-1, 4]]),
    *[(TIES, name, args) for name, args in (("argmax", [1]), ("max", [1]), ("argmin", [1]))],
    *[(A, "topk", args) for args in ([2], [3, 1], [1, 0, False])],
    (WIDE, "topk", [3]),
    *[(A, "sort", args) for args in ([], [1, True])],
    (A, "argsort", [0]),
    *[(ODD, name, []) for name in ("max", "min", "argmax", "argmin", "sort", "isnan")],
]

REPRS = [
    torch.tensor(3.14159),
    torch.tensor(7),
    torch.tensor([]),
    torch.zeros(0, 3),
    torch.tensor([1.0, 2.0, -3.0]),
    torch.tensor([1e-5, 1.0]),
    torch.tensor([1e5, 0.5]),
    torch.tensor([123456789.0, 2.0]),
    torch.tensor([0.1, float("nan"), float("-inf")]),
    torch.tensor([1.0, float("inf"), 0.0]),
    torch.tensor([[True, False]]),
    torch.tensor([[1, -20], [300, 4]]),
    torch.tensor([1.5]).half(),
    torch.tensor([1, 2], dtype=torch.int32),
    torch.tensor([0.0, -0.0]),
    B,
    A,
    WIDE,
    torch.arange(2000).float(),
    torch.arange(1200).reshape(20, 60),
    torch.arange(4000).reshape(20, 10, 20) / 7,
    torch.tensor([1.5], dtype=torch.float64),
]


def result(out):
    if isinstance(out, tuple):
        return [dump(part) for part in out]
    return dump(out)


def main():
    cases = []
    for x, method, args in CASES:
        call = getattr(x, method)
        expected = result(call(args[0], keepdim=args[1]) if method == "var" else call(*args))
        shown = [dump(a) if torch.is_tensor(a) else ("Infinity" if a == float("inf") else a) for a in args]
        cases.append(dict(x=dump(x), method=method, args=shown, expected=expected))
    reprs = [dict(x=dump(x), text=repr(x)) for x in REPRS]
    lines = lambda items: ",\n".join(json.dumps(item) for item in items)  # noqa: E731
    OUT.write_text(f'{{"torch": "{torch.__version__}",\n"cases": [\n{lines(cases)}\n],\n"reprs": [\n{lines(reprs)}\n]}}\n')
    print(len(cases), len(reprs), OUT.stat().st_size)


if __name__ == "__main__":
    main()
