"""Writes damaged/, JPEGs and PNGs with something off, and damaged.txt, what Pillow 13 makes of each.

    python3 make_damaged.py

Needs Pillow 13. Run by hand; the files are committed. A line is: the file, then mode, width, height and CRC-32 of Pillow's pixels (palettes
as RGB), or "refused"; then "strict" if the strict form refuses the file, "same" if it reads it as well.
"""

import io
import pathlib
import random
import struct
import zlib

from PIL import Image

WIDTH, HEIGHT = 21, 17
STRICT_READS = ("whole", "text after the pixels, checksum", "more rows", "bits in the data")


def chunk(name, data, off=0):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) ^ off)


def pngs():
    rng = random.Random(1)
    rows = b"".join(b"\0" + rng.randbytes(3 * WIDTH) for _ in range(HEIGHT))
    data = zlib.compress(rows)
    header = lambda interlaced=0, kind=2: struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, kind, 0, 0, interlaced)
    first, end, pixels = chunk(b"IHDR", header()), chunk(b"IEND", b""), chunk(b"IDAT", data)
    unknown, text = chunk(b"ABCD", b"xx"), (b"tEXt", b"Title\0b")
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    woven = b"".join(
        (b"\0" + rng.randbytes(len(range(x, WIDTH, dx)))) * len(range(y, HEIGHT, dy)) for x, y, dx, dy in passes
    )
    return {
        "whole": first + pixels + end,
        "checksum of the header": chunk(b"IHDR", header(), 1) + pixels + end,
        "checksum of the pixels": first + chunk(b"IDAT", data, 1) + end,
        "checksums of parts of the pixels": first + chunk(b"IDAT", data[:300], 1) + chunk(b"IDAT", data[300:], 1) + end,
        "checksum of the end": first + pixels + chunk(b"IEND", b"", 1),
        "text after the pixels, checksum": first + pixels + chunk(*text, 1) + end,
        "unknown critical chunk": first + unknown + pixels + end,
        "unknown critical chunk, checksum": first + chunk(b"ABCD", b"xx", 1) + pixels + end,
        "unknown critical chunk first": unknown + first + pixels + end,
        "16 bits behind an unknown chunk": chunk(b"abCd", b"x" * 18)
        + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + rng.randbytes(2 * WIDTH) for _ in range(HEIGHT)))) + end,
        "no end": first + pixels,
        "no checksum of the pixels": first + pixels[:-4],
        "no sum of the data": first + chunk(b"IDAT", data[:-4]) + end,
        "no sum and no end": first + chunk(b"IDAT", data[:-4]),
        "wrong sum of the data": first + chunk(b"IDAT", data[:-1] + bytes([data[-1] ^ 1])) + end,
        "text is cut": first + pixels + chunk(*text)[:12],
        "zeros instead of the end": first + pixels + bytes(50),
        "more rows": first + chunk(b"IDAT", zlib.compress(rows + rows)) + end,
        "part of a row": first + chunk(b"IDAT", zlib.compress(rows[:-9])) + end,
        "text between the pixels": first + chunk(b"IDAT", data[:300]) + chunk(*text) + chunk(b"IDAT", data[300:]) + end,
        "cut": (first + pixels)[:-40],
        "interlaced without end": chunk(b"IHDR", header(1, 0)) + chunk(b"IDAT", zlib.compress(woven)[:-4]),
        "palette without end": chunk(b"IHDR", header(0, 3)) + chunk(b"PLTE", rng.randbytes(30))
        + chunk(b"IDAT", zlib.compress(bytes(x % 10 for _ in range(HEIGHT) for x in range(WIDTH + 1)))[:-2]),
    }  # fmt: skip


def jpegs():
    rng = random.Random(2)
    soft = Image.frombytes("RGB", (8, 6), rng.randbytes(8 * 6 * 3)).resize((61, 47), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    soft.save(file, "JPEG", quality=80, restart_marker_blocks=3)
    data = file.getvalue()
    marks = [i for i in range(len(data) - 1) if data[i] == 0xFF and 0xD0 <= data[i + 1] <= 0xD7]
    middle = marks[len(marks) // 2]
    return {
        "whole": data,
        "no restart marker": data[:middle] + data[middle + 2 :],
        "another restart marker": data[: middle + 1] + bytes([0xD0 + (data[middle + 1] + 3) % 8]) + data[middle + 2 :],
        "end in the data": data[:middle] + b"\xff\xd9" + data[middle:],
        "bits in the data": data[: middle + 5]
        + bytes(b ^ 0x5A for b in data[middle + 5 : middle + 9])
        + data[middle + 9 :],
        "no end": data[:-2],
        "cut": data[:middle],
    }


def by_pillow(data):
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception:
        return "refused"
    pixels = (image.convert("RGB") if image.mode == "P" else image).tobytes()
    return f"{image.mode} {image.width} {image.height} {zlib.crc32(pixels):08x}"


def main():
    here = pathlib.Path(__file__).parent
    (here / "damaged").mkdir(exist_ok=True)
    files = {
        f"{name.replace(' ', '_').replace(',', '')}.png": (name, b"\x89PNG\r\n\x1a\n" + data)
        for name, data in pngs().items()
    }
    files |= {f"{name.replace(' ', '_')}.jpg": (name, data) for name, data in jpegs().items()}
    lines = []
    for file, (name, data) in sorted(files.items()):
        (here / "damaged" / file).write_bytes(data)
        lines.append(f"{file} {by_pillow(data)} {'same' if name in STRICT_READS else 'strict'}\n")
    (here / "damaged.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
