"""Makes the checkpoint fixtures with Python's own libraries: gguf, safetensors, torch.

Run in the reference environment: python tests/unit/kernel/checkpoint/make_fixtures.py
"""

import base64
import collections
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent / "fixtures"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(20261121)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


# Where the float16 scales of a block lie: they are drawn apart, so that none is infinite or NaN.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
}  # fmt: skip


def quants():
    cases = {}
    for name, offsets in SCALES.items():
        kind = GGMLQuantizationType[name]
        elements, size = GGML_QUANT_SIZES[kind]
        count = 1024 // elements
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        for offset in offsets:
            # From subnormal to large, both signs.
            scale = (rng.standard_normal(count) * 10.0 ** rng.uniform(-8, 3, count)).astype(np.float16)
            blocks[:, offset : offset + 2] = scale.view(np.uint8).reshape(count, 2)
        values = dequantize(blocks.reshape(1, -1), kind)
        assert values.dtype == np.float32 and np.isfinite(values).all()
        cases[name] = {"blocks": text(blocks), "values": text(values)}
    (here / "quants.json").write_text(json.dumps(cases))


def dtypes():
    """One tensor of every dtype torch can store, with the values torch makes of them."""
    patterns = torch.arange(256, dtype=torch.uint8)
    wide = torch.from_numpy(rng.integers(0, 256, 512, dtype=np.uint8))
    tensors = {
        "F64": torch.tensor([[0.1, -2.5e300, 1e-320], [float("inf"), -0.0, 3.0]], dtype=torch.float64),
        "F32": torch.randn(2, 3, generator=torch.Generator().manual_seed(0)),
        "F16": wide.view(torch.float16),
        "BF16": wide.view(torch.bfloat16),
        "I64": torch.tensor([-(2**62), -1, 0, 2**53 + 1]),
        "I32": torch.tensor([-(2**31), 7], dtype=torch.int32),
        "I16": torch.tensor([-32768, 7], dtype=torch.int16),
        "I8": torch.tensor([-128, 127], dtype=torch.int8),
        "U8": patterns,
        "U16": torch.tensor([65535], dtype=torch.uint16),
        "U32": torch.tensor([2**32 - 1], dtype=torch.uint32),
        "U64": torch.tensor([2**64 - 1], dtype=torch.uint64),
        "BOOL": torch.tensor([True, False]),
        "F8_E4M3": patterns.view(torch.float8_e4m3fn),
        "F8_E5M2": patterns.view(torch.float8_e5m2),
        "F8_E8M0": patterns.view(torch.float8_e8m0fnu),
        "F8_E4M3FNUZ": patterns.view(torch.float8_e4m3fnuz),
        "F8_E5M2FNUZ": patterns.view(torch.float8_e5m2fnuz),
        "C64": torch.tensor([1 + 2j], dtype=torch.complex64),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
    }
    save_file({n: t.clone() for n, t in tensors.items()}, here / "dtypes.safetensors", metadata={"format": "pt", "__proto__": "nothing"})
    values = {n: text(t.to(torch.float64).to(torch.float32).numpy()) for n, t in tensors.items() if n != "C64"}
    (here / "dtypes.json").write_text(json.dumps(values))


class Command:
    """Unpickled by Python, it would run a command."""

    def __reduce__(self):
        return os.system, ("echo run",)


def pytorch():
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(6, 8, generator=generator)
    tensors = collections.OrderedDict(
        {
            "plain": base,
            "tied": base,
            "rows": base[2:4],
            "transposed": base[:, 1:5].T,
            "every_other": base[::2, ::3],
            "parameter": torch.nn.Parameter(torch.arange(4, dtype=torch.bfloat16)),
            "half": torch.randn(3, generator=generator).to(torch.float16),
            "double": torch.randn(3, generator=generator, dtype=torch.float64),
            "long": torch.tensor([[1, -2]]),
            "bool": torch.tensor([True, False]),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 3),
            "one": torch.ones(1, 3).expand(1, 3),
            "__proto__": torch.ones(1),
        }
    )
    torch.save(tensors, here / "tensors.bin")
    torch.save({"epoch": 3, "state_dict": dict(tensors)}, here / "legacy.bin", _use_new_zipfile_serialization=False)
    new = {
        "fp8": torch.randn(4, generator=generator).to(torch.float8_e4m3fn),
        "u16": torch.tensor([65535, 1], dtype=torch.uint16),
    }
    torch.save(new, here / "untyped.bin")
    values = {n: [list(t.shape), text(t.detach().to(torch.float32).numpy())] for n, t in (tensors | new).items()}
    (here / "pytorch.json").write_text(json.dumps(values))
    with zipfile.ZipFile(here / "command.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": Command()}, protocol=2))


if __name__ == "__main__":
    quants()
    dtypes()
    pytorch()
