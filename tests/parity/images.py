"""Compares the decoded pixels of generated image files, whole and damaged, with Pillow's. See README.md."""

import argparse
import collections
import io
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

import PIL
from PIL import Image

MASKS = {
    16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0xF000)],
    24: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0)],
    32: [
        (0xFF0000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0),
        (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
        (0, 0, 0, 0),
        (0xFF, 0xFF00, 0xFF0000, 0),
    ],
}


def palette(rng, colors, each):
    """Grey levels in order, black and white, or colours."""
    kind = rng.choice(["levels", "colors", "colors", "white"])
    if kind == "colors":
        return rng.randbytes(each * colors)
    values = [255 * i % 256 if kind == "white" else i % 256 for i in range(colors)]
    return b"".join(bytes([v] * 3 + [rng.randrange(256)] * (each - 3)) for v in values)


def run_lengths(rng, width, height, halves, start):
    """Codes of every kind until the image is full; sometimes fewer."""
    data, left = bytearray(), width * height
    if rng.random() < 0.1:
        left = rng.randrange(left + 1)
    orderly = rng.random() < 0.7  # no run beyond the end of a row
    x = 0
    while left > 0:
        code = rng.choice(["run", "run", "run", "singles", "singles", "line", "delta"])
        room = width - x if orderly else width + 3
        if room <= 0 or code == "line":
            data += b"\0\0"
            left, x = left - (width - x if 0 < x < width else 0), 0
            if rng.random() < 0.5 or room <= 0:
                continue
            code, room = "run", width
        if code == "run":
            n = min(255, rng.randint(1, max(1, room)))
            data += bytes([n, rng.randrange(256)])
        elif code == "singles":
            n = min(255, rng.randint(1, max(1, room)))
            if n < 3:
                continue
            data += bytes([0, n]) + rng.randbytes((n + 1) // 2 if halves else n)
            if (start + len(data)) % 2:
                data += b"\0"
        else:
            right, up = rng.randrange(max(1, min(room, 256))), rng.choice([0, 0, 0, 1, 2])
            data += bytes([0, 2, right, up])
            left, x = left - right - up * width, x + right
            continue
        left, x = left - n, x + n
    if rng.random() < 0.8:
        data += b"\0\1"
    return bytes(data)


def bmp(rng):
    width, height = rng.randint(1, 40), rng.randint(1, 30)
    if rng.random() < 0.05:
        width = rng.randint(100, 700)
    size = rng.choice([12, 40, 40, 40, 52, 56, 64, 108, 124])
    bits = rng.choice([1, 4, 8, 8, 16, 24, 32])
    compression = (
        0 if size == 12 else 3 if bits >= 16 and rng.random() < 0.7 else rng.choice([0, 0, 1, 2]) if bits <= 8 else 0
    )
    if rng.random() < 0.02:
        compression = rng.randrange(7)
    if rng.random() < 0.02:
        bits = rng.choice([0, 2, 3, 5, 15, 64])
    each = 3 if size == 12 else 4
    named, colors = 0, b""
    if bits <= 8:
        whole = 1 << bits
        named = (
            rng.choice([0, 0, whole, rng.randint(1, whole), rng.choice([2, 2, 256, 256, 300, 512, 70000])])
            if size > 12
            else 0
        )
        colors = palette(rng, min(named or whole, 600), each)
        if rng.random() < 0.1:
            colors = colors[: rng.randrange(len(colors) + 1)]
    elif rng.random() < 0.1:
        named = rng.randint(1, 256)
    top_down = size > 12 and rng.random() < 0.3
    if size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack(
            "<IiiHHIIiiII",
            size,
            width,
            -height if top_down else height,
            1,
            bits,
            compression,
            rng.randrange(2**32),
            2835,
            2835,
            named,
            0,
        )
        known = MASKS.get(bits, MASKS[32])  # the last is unknown to Pillow
        masks = struct.pack("<IIII", *(known[-1] if rng.random() < 0.04 else rng.choice(known[:-1])))
        if size == 40:
            header += masks[:12] if compression == 3 else b""
        else:
            header += (masks + rng.randbytes(108))[: size - 40]
    with_file_header = rng.random() < 0.85
    gap = rng.choice([0, 0, 0, 0, rng.randrange(20)]) if with_file_header else 0
    start = 14 * with_file_header + len(header) + len(colors) + gap
    if compression in (1, 2):
        pixels = run_lengths(rng, width, height, compression == 2, start)
    else:
        pixels = rng.randbytes((width * bits + 31) // 32 * 4 * height)
    if rng.random() < 0.05:
        pixels = pixels[: -rng.randint(1, 8)]
    stated = rng.choice([start, start, start, start, 0, 14 + size]) if gap == 0 else start
    file_header = b"BM" + struct.pack("<IHHI", rng.randrange(2**32), 0, 0, stated)
    return (file_header if with_file_header else b"") + header + colors + bytes(gap) + pixels


def tga(rng):
    width, height = rng.randint(1, 40), rng.randint(1, 30)
    kind, bits = rng.choice([(1, 8), (1, 8), (2, 24), (2, 32), (3, 8), (3, 16), (2, 16), (3, 1)])
    runs = rng.random() < 0.5
    name = rng.randbytes(rng.choice([0, 0, 5]))
    first = rng.choice([0, 0, 0, rng.randint(1, 20)]) if kind == 1 else 0
    count = rng.choice([256 - first, rng.randint(1, 256 - first), 256 - first, 300]) if kind == 1 else 0
    map_bits = rng.choice([24, 24, 32, 16]) if kind == 1 else 0
    header = struct.pack(
        "<BBBHHBHHHHBB",
        len(name),
        kind == 1,
        kind + 8 * runs,
        first,
        count,
        map_bits,
        0,
        0,
        width,
        height,
        bits,
        rng.choice([0, 0x20, 0x10, 0x30]) | rng.choice([0, 0, 8]),
    )
    each, left, data = (bits + 7) // 8, width * height, bytearray()
    if not runs:
        data += rng.randbytes((width * bits + 7) // 8 * height)
    while runs and left > 0:
        room = (
            left if rng.random() < 0.01 else width - (width * height - left) % width
        )  # a run may go on in the next row
        n = rng.randint(1, min(128, room))
        repeated = rng.random() < 0.5
        data += bytes([n - 1 + 128 * repeated]) + rng.randbytes(each if repeated else each * n)
        left -= n
    return (
        header
        + name
        + rng.randbytes(count * map_bits // 8)
        + bytes(data)
        + rng.choice([b"", bytes(8) + b"TRUEVISION-XFILE.\0"])
    )


def pnm(rng):
    width, height = rng.randint(1, 40), rng.randint(1, 30)
    kind = rng.choice(["P5", "P6", "P5", "P6", "P4", "P1", "P2", "P3"])
    largest = 255 if rng.random() < 0.8 else rng.choice([1, 100, 65535, 1000])
    space = rng.choice(["\n", " ", "\t", "\n# a comment\n", "\r\n"])
    head = (
        f"{kind}{space}{width} {height}"
        + ("" if kind in ("P1", "P4") else f"{space if rng.random() < 0.5 else ' '}{largest}")
        + "\n"
    )
    samples = width * height * (3 if kind in ("P3", "P6") else 1)
    if kind in ("P1", "P2", "P3"):
        most = 1 if kind == "P1" else largest
        return (head + " ".join(str(rng.randint(0, most)) for _ in range(samples)) + "\n").encode()
    size = (width + 7) // 8 * height if kind == "P4" else samples * (2 if largest > 255 else 1)
    return head.encode() + rng.randbytes(size)


def gif(rng):
    width, height = rng.randint(1, 40), rng.randint(1, 30)
    image = Image.frombytes("RGB", (width, height), rng.randbytes(3 * width * height)).quantize(
        rng.choice([2, 5, 16, 100, 256])
    )
    if rng.random() < 0.2:
        image = Image.frombytes("L", (width, height), rng.randbytes(width * height))
    file = io.BytesIO()
    options = {"transparency": rng.randrange(4)} if rng.random() < 0.3 else {}
    image.save(file, "GIF", interlace=rng.random() < 0.5, **options)
    return file.getvalue()


def png_chunk(rng, name, data, off=0.0):
    """A chunk; with probability `off` its checksum is wrong."""
    sum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", sum ^ (rng.random() < off))


def png(rng):
    """Every type and depth, interlaced or not; most with something off that is not the pixels."""
    width, height = rng.randint(1, 40), rng.randint(1, 40)
    kind, depth = rng.choice(
        [(0, d) for d in (1, 2, 4, 8, 16)] + [(2, 8), (2, 16), (3, 1), (3, 4), (3, 8), (4, 8), (6, 8)]
    )
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    interlaced = rng.random() < 0.3
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows, row = bytearray(), 0
    for x, y, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        across, down = len(range(x, width, dx)), len(range(y, height, dy))
        for _ in range(down if across else 0):
            row = (across * samples * depth + 7) // 8
            rows += bytes([rng.randrange(5)]) + rng.randbytes(row)
    data = zlib.compress(bytes(rows))
    off = rng.choice([0, 0, 0.3])
    change = rng.choice(["", "", "sum", "no sum", "more", "fewer", "bit"])
    data = {"sum": data[:-1] + bytes([data[-1] ^ 1]), "no sum": data[: -rng.randint(1, 4)], "more": data + rng.randbytes(9),
            "fewer": zlib.compress(bytes(rows[: -rng.randint(1, row)]))}.get(change, data)  # fmt: skip
    if change == "bit":
        at = rng.randrange(len(data))
        data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    extra = lambda: [png_chunk(rng, rng.choice([b"ABCD", b"abCd", b"A_1d", b"prVt"]), rng.randbytes(rng.randrange(9)), off / 3)
                     for _ in range(rng.choice([0, 0, 1]))]  # fmt: skip
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    parts = extra() if rng.random() < 0.1 else []
    parts += [png_chunk(rng, b"IHDR", header, off / 10)] + extra()
    if kind == 3:
        parts += [png_chunk(rng, b"PLTE", rng.randbytes(3 * 2**depth), off / 10)]
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice([0, 0, 1, 3])))
    for first, last in zip([0, *cuts], [*cuts, len(data)]):
        parts += [png_chunk(rng, b"IDAT", data[first:last], off)]
        if rng.random() < 0.03:
            parts += extra()
    parts += extra() + [png_chunk(rng, b"IEND", b"", off)] * (rng.random() < 0.7)
    file = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    if rng.random() < 0.2:
        file = file[: -rng.randint(1, 20)]
    return file + rng.randbytes(rng.choice([0, 0, 0, 5, 30]))


def jpeg(rng):
    """Written by Pillow; most with something off in the coded pixels or their markers."""
    width, height = rng.randint(1, 90), rng.randint(1, 90)
    mode = rng.choice(["L", "RGB", "RGB", "RGB", "CMYK"])
    noise = Image.frombytes(mode, (width, height), rng.randbytes(width * height * len(mode)))
    soft = noise.resize((max(1, width // 8), max(1, height // 8))).resize((width, height), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    options = {"subsampling": rng.choice([0, 1, 2])} if mode == "RGB" else {}
    if rng.random() < 0.5:
        options["restart_marker_blocks"] = rng.randint(1, 9)
    rng.choice([noise, soft, soft]).save(
        file, "JPEG", quality=rng.randint(5, 98), progressive=rng.random() < 0.3, **options
    )
    data = bytearray(file.getvalue())
    scan = data.index(b"\xff\xda") + 14
    for _ in range(rng.choice([0, 1, 1, 2])):
        change = rng.choice(["bit", "byte", "end", "restart", "no end", "cut", "after", "insert"])
        at = rng.randrange(min(scan, len(data) - 1), len(data))
        if change in ("bit", "byte"):
            data[at] = data[at] ^ 1 << rng.randrange(8) if change == "bit" else rng.randrange(256)
        elif change == "end":
            data[at:at] = b"\xff\xd9"
        elif change == "restart":
            marks = [i for i in range(scan, len(data) - 1) if data[i] == 0xFF and 0xD0 <= data[i + 1] <= 0xD7]
            if marks:
                i = rng.choice(marks)
                data[i : i + 2] = rng.choice([b"", b"\xff" + bytes([rng.randrange(0xD0, 0xD8)])])
        elif change == "no end":
            data = data.removesuffix(b"\xff\xd9")
        elif change == "cut":
            data = data[:at]
        elif change == "after":
            data += rng.randbytes(rng.randint(1, 40))
        else:
            data[at:at] = rng.randbytes(rng.randint(1, 4))
    return bytes(data)


KINDS = {"bmp": bmp, "tga": tga, "pnm": pnm, "gif": gif, "png": png, "jpeg": jpeg}


def damaged(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        change = rng.choice(["header", "header", "byte", "cut", "insert"])
        at = rng.randrange(min(len(data), 60) if change == "header" else len(data))
        if change == "cut":
            data = data[: max(1, at)]
        elif change == "insert":
            data[at:at] = rng.randbytes(rng.randint(1, 4))
        else:
            data[at] = rng.choice([0, 1, 2, 3, 4, 8, 0xFF, data[at] ^ (1 << rng.randrange(8)), rng.randrange(256)])
    return bytes(data)


def by_pillow(file):
    """KIND WIDTH HEIGHT CRC-32, as decode.cpp prints; "refused"; or "large" (not compared)."""
    try:
        image = Image.open(file)
        image.load()
    except Image.DecompressionBombError:
        return "large"
    except Exception as error:
        return "refused " + repr(error)
    mode = {"P": "RGB", "1": "L", "LA": "RGBA"}.get(image.mode, image.mode)
    kind = {"LA": "RGBA"}.get(image.mode, image.mode)
    pixels = image if mode == image.mode else image.convert(mode)
    return f"{kind} {image.width} {image.height} {zlib.crc32(pixels.tobytes()):08x}"


def by_library(program, paths, fill):
    """With every allocation and every freed block filled with a byte."""
    run = subprocess.run(
        [program],
        input="".join(f"{p}\n" for p in paths),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MALLOC_PERTURB_": str(fill)},
    )
    return run.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="built from decode.cpp")
    parser.add_argument("--kind", choices=KINDS, default="bmp")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files that differ")
    arguments = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = 2**21
    warnings.simplefilter("ignore")

    totals, failed = collections.Counter(), False
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i in range(arguments.count):
            rng = random.Random(f"{arguments.kind} {arguments.seed} {i}")
            data = KINDS[arguments.kind](rng)
            if i % 3 == 2:
                data = damaged(rng, data)
            files.append(pathlib.Path(folder) / f"{i}.{arguments.kind}")
            files[-1].write_bytes(data)
        ours = by_library(arguments.program, files, 85)
        for path, one, other in zip(files, ours, by_library(arguments.program, files, 170), strict=True):
            if one != other:
                failed = True
                print(f"depends on memory: {path.name}: {one} | {other}")
        for path, found in zip(files, ours, strict=True):
            expected = by_pillow(io.BytesIO(path.read_bytes()))
            from_path = by_pillow(path)
            if expected == "large":
                totals["larger than compared"] += 1
            elif found == expected:
                totals["equal pixels"] += 1
            elif found.startswith("refused") and expected.startswith("refused"):
                totals["refused by both"] += 1
            elif expected.startswith("refused") and arguments.kind in ("png", "jpeg"):
                totals["read though Pillow refuses them"] += 1
            elif expected.startswith("I ") and "PNM: largest sample" in found:
                totals["grey PNM of 16 bits, refused"] += 1
            else:
                totals["different"] += 1
                print(f"{path.name}: {found} | Pillow: {expected}")
                if arguments.keep:
                    arguments.keep.mkdir(exist_ok=True)
                    (arguments.keep / path.name).write_bytes(path.read_bytes())
            if expected.split()[0] != from_path.split()[0] or (
                not expected.startswith("refused") and expected != from_path
            ):
                totals["read otherwise by Pillow from a path than from memory"] += 1
    print(
        f"Pillow {PIL.__version__}, {arguments.kind}, seed {arguments.seed}: {arguments.count} files;",
        ", ".join(f"{n} {what}" for what, n in totals.items()),
    )
    sys.exit(1 if failed or totals["different"] else 0)


if __name__ == "__main__":
    main()
