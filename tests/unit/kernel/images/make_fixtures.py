"""Writes the images of these tests and what Python makes of them.

Run with Pillow, numpy and transformers installed (written with transformers 5.23, Pillow 13, no torchvision, so that the
PIL backend is the default):  python tests/unit/kernel/images/make_fixtures.py

fixtures/*.png, *.jpg   the images; jpeg-440.jpg and jpeg-411.jpg are imagecodecs.jpeg8_encode(..., subsampling=...),
                        which Pillow cannot write
fixtures/cases.json     what was done to each, with where its result lies in expected.bin
fixtures/expected.bin   results: uint8 or little-endian float32, row-major
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from transformers.image_utils import load_image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

OUT = Path(__file__).parent / "fixtures"
OUT.mkdir(exist_ok=True)
rng = np.random.default_rng(5)


def smooth(height, width, channels):
    """Colours that vary as a photograph's do, with some noise."""
    small = rng.integers(0, 256, (5, 6, channels), dtype=np.uint8)
    planes = [np.array(Image.fromarray(small[..., c]).resize((width, height), Image.BICUBIC)) for c in range(channels)]
    noise = rng.integers(-9, 10, (height, width, channels))
    return np.clip(np.stack(planes, -1).astype(int) + noise, 0, 255).astype(np.uint8)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def write_png(path, samples, depth, colour, interlaced=False, chunks=()):
    """A PNG of a kind Pillow cannot write: any depth, any filter, interlaced. samples: [height, width, per pixel]."""
    height, width, per = samples.shape

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if part.size == 0:
            continue
        bits = ((part.reshape(part.shape[0], -1)[..., None].astype(int) >> np.arange(depth - 1, -1, -1)) & 1)
        lines = np.packbits(bits.reshape(part.shape[0], -1).astype(np.uint8), axis=1).astype(int)
        bpp = max(1, per * depth // 8)
        above = np.zeros(lines.shape[1], int)
        for y, line in enumerate(lines):
            kind = y % 5
            left = np.concatenate([np.zeros(bpp, int), line])[: len(line)]
            corner = np.concatenate([np.zeros(bpp, int), above])[: len(line)]
            if kind == 4:
                p = left + above - corner
                pa, pb, pc = abs(p - left), abs(p - above), abs(p - corner)
                predicted = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))
            else:
                predicted = [0 * line, left, above, (left + above) // 2][kind]
            raw += bytes([kind]) + ((line - predicted) % 256).astype(np.uint8).tobytes()
            above = line
    data = zlib.compress(raw, 9)
    half = len(data) // 2
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
        + b"".join(chunk(k, b) for k, b in chunks)
        + chunk(b"IDAT", data[:half])
        + chunk(b"IDAT", data[half:])
        + chunk(b"IEND", b"")
    )


def make_images():
    Image.fromarray(np.array([[[200, 30, 90]]], np.uint8)).save(OUT / "one-pixel.png")
    Image.fromarray(smooth(2, 301, 3)).save(OUT / "wide.png")
    Image.fromarray(smooth(157, 1, 3)).save(OUT / "tall.png")
    Image.fromarray(smooth(61, 83, 3)).save(OUT / "rgb.png")
    Image.fromarray(smooth(37, 53, 4)).save(OUT / "rgba.png")
    Image.fromarray(smooth(47, 29, 2), "LA").save(OUT / "grey-alpha.png")
    Image.fromarray(smooth(31, 67, 1)[..., 0]).save(OUT / "grey.png")
    sixteen = (smooth(33, 45, 1)[..., 0].astype(np.uint16) * 3) // 2
    Image.fromarray(sixteen).save(OUT / "grey16.png")
    palette = Image.fromarray(smooth(41, 43, 3)).quantize(37)
    palette.save(OUT / "palette.png")
    palette.info["transparency"] = bytes(rng.integers(0, 256, 20, dtype=np.uint8))
    palette.save(OUT / "palette-alpha.png", transparency=palette.info["transparency"])
    Image.fromarray(smooth(50, 35, 1)[..., 0] > 127).save(OUT / "one-bit.png")
    keyed = smooth(20, 30, 3) // 64 * 64
    Image.fromarray(keyed).save(OUT / "keyed.png", transparency=tuple(int(v) for v in keyed[3, 4]))
    write_png(OUT / "rgb16-interlaced.png", rng.integers(0, 65536, (23, 19, 3)), 16, 2, True)
    write_png(OUT / "grey4-interlaced.png", rng.integers(0, 16, (21, 26, 1)), 4, 0, True)
    write_png(OUT / "grey2.png", rng.integers(0, 4, (13, 11, 1)), 2, 0)
    colours = bytes(rng.integers(0, 256, 48, dtype=np.uint8))
    write_png(OUT / "palette4-interlaced.png", rng.integers(0, 16, (17, 9, 1)), 4, 3, True, [(b"PLTE", colours)])
    write_png(OUT / "rgba16.png", rng.integers(0, 65536, (12, 15, 4)), 16, 6)

    photo = Image.fromarray(smooth(75, 117, 3))
    photo.save(OUT / "jpeg-420.jpg", quality=88, subsampling=2)
    photo.save(OUT / "jpeg-422.jpg", quality=80, subsampling=1)
    photo.save(OUT / "jpeg-444-restart.jpg", quality=92, subsampling=0, restart_marker_blocks=5)
    photo.save(OUT / "jpeg-progressive.jpg", quality=70, subsampling=2, progressive=True)
    photo.convert("L").save(OUT / "jpeg-grey.jpg", quality=85)
    photo.convert("CMYK").save(OUT / "jpeg-cmyk.jpg", quality=85)
    exif = Image.Exif()
    for orientation in (2, 5, 6, 8):
        exif[0x0112] = orientation
        photo.resize((31, 22)).save(OUT / f"jpeg-orientation-{orientation}.jpg", quality=90, exif=exif)
    Image.fromarray(smooth(1, 3, 3)).save(OUT / "jpeg-tiny.jpg", quality=90, subsampling=2)
    Image.fromarray(smooth(640, 480, 3)).save(OUT / "jpeg-large.jpg", quality=40, subsampling=2)


PROCESSORS = {
    "CLIPImageProcessor": CLIPImageProcessorPil,
    "ViTImageProcessor": ViTImageProcessorPil,
    "SiglipImageProcessor": SiglipImageProcessorPil,
    "LlavaImageProcessor": LlavaImageProcessorPil,
}
SMALL = {
    "CLIPImageProcessor": {"size": {"shortest_edge": 36}, "crop_size": {"height": 36, "width": 36}},
    "ViTImageProcessor": {"size": {"height": 25, "width": 33}, "do_convert_rgb": True},
    "SiglipImageProcessor": {"size": {"height": 31, "width": 31}},
    "LlavaImageProcessor": {"size": {"shortest_edge": 36}, "crop_size": {"height": 36, "width": 36}, "do_pad": True},
}
LEVELS = {"do_rescale": False, "do_normalize": False}


def main():
    make_images()
    cases, blob = [], io.BytesIO()

    def add(result, **what):
        dtype = "uint8" if result.dtype == np.uint8 else "float32"
        cases.append({**what, "dtype": dtype, "dims": list(result.shape), "offset": blob.tell()})
        blob.write(np.ascontiguousarray(result.astype(dtype)).tobytes())

    for path in sorted([*OUT.glob("*.png"), *OUT.glob("*.jpg")]):
        if path.name != "jpeg-large.jpg":
            add(np.array(load_image(str(path))), kind="load_image", file=path.name)
        opened = Image.open(path)
        for name, cls in PROCESSORS.items():
            if path.name == "jpeg-large.jpg" and name != "CLIPImageProcessor":
                continue
            pixels = cls(**SMALL[name])(opened, return_tensors="np", **LEVELS).pixel_values
            add(pixels, kind="process", file=path.name, processor=name, config=SMALL[name], options=LEVELS)
        pixels = CLIPImageProcessorPil(**SMALL["CLIPImageProcessor"])(str(path), return_tensors="np", **LEVELS).pixel_values
        add(pixels, kind="process", file=path.name, path=True, processor="CLIPImageProcessor",
            config=SMALL["CLIPImageProcessor"], options=LEVELS)

    rgb = Image.open(OUT / "rgb.png")
    for name in PROCESSORS:
        pixels = PROCESSORS[name](**SMALL[name])(rgb, return_tensors="np").pixel_values
        add(pixels, kind="process", file="rgb.png", processor=name, config=SMALL[name], options={})
    # Default sizes: enough of one to tell.
    add(CLIPImageProcessorPil()(rgb, return_tensors="np", **LEVELS).pixel_values,
        kind="process", file="rgb.png", processor="CLIPImageProcessor", config={}, options=LEVELS)
    variants = [{"size": {"height": 17, "width": 90}, "resample": r} for r in range(6)]
    variants += [
        {"size": {"shortest_edge": 20, "longest_edge": 25}},
        {"size": {"shortest_edge": 61, "longest_edge": 1000}},
        {"size": {"max_height": 30, "max_width": 30}},
        {"size": 20},
        {"do_resize": False, "do_center_crop": True, "crop_size": {"height": 70, "width": 40}},
        {"do_resize": False, "do_center_crop": True, "crop_size": {"height": 62, "width": 90}},
        {"do_resize": False, "do_pad": True, "pad_size": {"height": 64, "width": 100}},
    ]
    for options in variants:
        both = {**LEVELS, **options}
        add(ViTImageProcessorPil()(rgb, return_tensors="np", **both).pixel_values,
            kind="process", file="rgb.png", processor="ViTImageProcessor", config={}, options=both)
    arrays = {
        "floats": np.random.default_rng(1).random((9, 7, 3)).round(3),
        "bytes": np.random.default_rng(2).integers(0, 256, (3, 8, 6), dtype=np.uint8),
        "grey": np.random.default_rng(3).integers(0, 256, (1, 9, 6), dtype=np.uint8),
        "rgba": np.random.default_rng(4).integers(0, 256, (5, 9, 4), dtype=np.uint8),
    }
    small = {"size": {"height": 6, "width": 6}}
    for name, array in arrays.items():
        pixels = SiglipImageProcessorPil(**small)(array, return_tensors="np").pixel_values
        add(pixels, kind="array", name=name, array=array.tolist(), processor="SiglipImageProcessor", config=small, options={})

    (OUT / "cases.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    (OUT / "expected.bin").write_bytes(blob.getvalue())
    print(len(cases), "cases", blob.tell(), "bytes")


main()
