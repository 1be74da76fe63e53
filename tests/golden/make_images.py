"""Writes images/, small image files of every kind, and images.txt, the reference's results.

    python3 make_images.py IMAGES

Needs numpy and Pillow (made with 12.1.1). IMAGES is a folder of further image files; their JPEGs are named in the lines as data/NAME.
Run by hand; all of it is committed.

    decode NAME MODE W H      CRC-32 of the pixels as decoded: RGB for palettes, RGBA for LA, ink for CMYK, lower byte first for I;16
    preprocess NAME N MODE FILTER ORDER     of the floats, as in resize_pillow12.txt
    oriented NAME W H         of the RGB pixels after ImageOps.exif_transpose
"""

import argparse
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

from make_resize import checksum, pattern, preprocessed

WIDTH, HEIGHT = 67, 45


def smooth(width, height, channels):
    """Colours that a JPEG keeps: slopes, with edges in between."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((3 * x + 5 * y + 60 * c + 90 * ((x // 11 + y // 7 + c) % 2)) % 256).astype(np.uint8)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, kind, rows, extra=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    data = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def png_files(folder):
    """Every colour type and depth; bytes of noise mean whatever the type makes of them."""
    palette = b"PLTE", bytes((37 * i + 11 * k) % 256 for i in range(200) for k in range(3))
    for kind, name, samples, depths in [
        (0, "gray", 1, (1, 2, 4, 8, 16)),
        (2, "rgb", 3, (8, 16)),
        (3, "palette", 1, (1, 2, 4, 8)),
        (4, "gray_alpha", 2, (8, 16)),
        (6, "rgba", 4, (8, 16)),
    ]:
        for depth in depths:
            row_bytes = (WIDTH * samples * depth + 7) // 8
            rows = pattern("noise", row_bytes, HEIGHT, 1)[..., 0]
            if depth == 16 and kind == 0:
                rows[:, ::2] //= 128  # levels around 255, where the reference clips them
            colors = palette[0], palette[1][: 3 * 2**depth]
            (folder / f"{name}{depth}.png").write_bytes(
                png(WIDTH, HEIGHT, depth, kind, [r.tobytes() for r in rows], chunk(*colors) if kind == 3 else b"")
            )
    rows = [r.tobytes() for r in pattern("waves", WIDTH, HEIGHT, 1)[..., 0]]
    (folder / "palette_transparent.png").write_bytes(
        png(WIDTH, HEIGHT, 8, 3, rows, chunk(*palette) + chunk(b"tRNS", bytes(range(0, 200, 3))))
    )
    (folder / "gray_transparent.png").write_bytes(png(WIDTH, HEIGHT, 8, 0, rows, chunk(b"tRNS", b"\0\7")))
    (folder / "gamma.png").write_bytes(png(WIDTH, HEIGHT, 8, 0, rows, chunk(b"gAMA", struct.pack(">I", 100000))))


def jpeg_files(folder):
    color, gray = Image.fromarray(smooth(WIDTH, HEIGHT, 3)), Image.fromarray(smooth(WIDTH, HEIGHT, 1)[..., 0])
    for name, options in [
        ("420", {"subsampling": "4:2:0"}),
        ("422", {"subsampling": "4:2:2"}),
        ("444", {"subsampling": "4:4:4"}),
        ("420_progressive", {"subsampling": "4:2:0", "progressive": True}),
        ("rgb", {"keep_rgb": True}),
        ("restart", {"restart_marker_blocks": 2}),
        ("coarse", {"quality": 5}),
    ]:
        color.save(folder / f"{name}.jpg", **{"quality": 85, **options})
    gray.save(folder / "gray.jpg", quality=90)
    gray.save(folder / "gray_progressive.jpg", quality=90, progressive=True)
    Image.fromarray(smooth(WIDTH, HEIGHT, 4), "CMYK").save(folder / "cmyk.jpg", quality=90)
    for width, height in [(1, 1), (1, 17), (16, 1), (9, 8), (33, 31)]:
        Image.fromarray(smooth(width, height, 3)).save(folder / f"{width}x{height}.jpg", quality=80)


def lzw(numbers, bits):
    """Codes that are all literal, cleared before they would grow."""
    codes, width = [], bits + 1
    for i, n in enumerate(numbers):
        if i % (2**bits - 2) == 0:
            codes.append(2**bits)
        codes.append(n)
    codes.append(2**bits + 1)
    value = sum(c << (i * width) for i, c in enumerate(codes))
    data = value.to_bytes((len(codes) * width + 7) // 8, "little")
    return (
        bytes([bits])
        + b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
        + b"\0"
    )


def gif(canvas, box, colors, numbers, transparent=None, local=False, interlaced=False, background=0):
    left, top, width, height = box
    table = colors if len(colors) == 768 else colors + bytes(12 - len(colors))
    flags = {768: 7, 12: 1}[len(table)]
    data = (
        b"GIF89a"
        + struct.pack("<HHBBB", *canvas, 0 if local else 0x80 | flags, background, 0)
        + (b"" if local else table)
    )
    data += b"!\xfe\x03abc\x00"
    if transparent is not None:
        data += b"!\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    data += (
        b","
        + struct.pack("<HHHHB", left, top, width, height, (0x80 | flags if local else 0) | (0x40 if interlaced else 0))
        + (table if local else b"")
    )
    return data + lzw(numbers, 8) + b";"


def gif_files(folder):
    colors = bytes((37 * i + 11 * k) % 256 for i in range(256) for k in range(3))
    numbers = pattern("waves", 30, 21, 1).tobytes()
    ramp = bytes(i for i in range(256) for _ in range(3))
    few = bytes([9, 8, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    for name, data in [
        ("whole", gif((30, 21), (0, 0, 30, 21), colors, numbers)),
        ("interlaced", gif((30, 21), (0, 0, 30, 21), colors, numbers, interlaced=True)),
        ("transparent", gif((30, 21), (0, 0, 30, 21), colors, numbers, transparent=77)),
        ("part", gif((40, 33), (5, 7, 30, 21), colors, numbers, background=9)),
        ("part_transparent", gif((40, 33), (5, 7, 30, 21), colors, numbers, transparent=200, local=True)),
        ("beyond", gif((20, 20), (5, 7, 30, 21), colors, numbers)),
        ("gray", gif((30, 21), (0, 0, 30, 21), ramp, numbers)),
        ("few_colors", gif((30, 21), (0, 0, 30, 21), few, bytes(n % 6 for n in numbers))),
    ]:
        (folder / f"{name}.gif").write_bytes(data)
    # Written by an encoder: codes of every length. Two images, of which the first counts.
    noise = Image.fromarray(pattern("noise", 90, 80, 3)).quantize(200)
    noise.save(folder / "animated.gif", save_all=True, append_images=[noise.rotate(90)])


def other_files(folder):
    """What Pillow writes of TGA, BMP and PNM."""
    kinds = {
        "rgb": Image.fromarray(pattern("waves", WIDTH, HEIGHT, 3)),
        "rgba": Image.fromarray(pattern("noise", WIDTH, HEIGHT, 4)),
        "gray": Image.fromarray(pattern("waves", WIDTH, HEIGHT, 1)[..., 0]),
        "gray_alpha": Image.fromarray(pattern("noise", WIDTH, HEIGHT, 2), "LA"),
        "palette": Image.fromarray(pattern("waves", WIDTH, HEIGHT, 3)).quantize(60),
    }
    for kind, image in kinds.items():
        image.save(folder / f"{kind}.tga")
        image.save(folder / f"{kind}_runs.tga", compression="tga_rle", orientation=1)
    for mirrored in (0x10, 0x30):
        data = bytearray((folder / "rgb.tga").read_bytes())
        data[17] |= mirrored
        (folder / f"mirrored_{mirrored:x}.tga").write_bytes(data)
    for kind in ("rgb", "gray", "palette"):
        kinds[kind].save(folder / f"{kind}.bmp")
    kinds["gray"].convert("1").save(folder / "bits.bmp")
    kinds["rgb"].save(folder / "rgb.ppm")
    kinds["gray"].save(folder / "gray.pgm")


def bmp(
    header, bits, rows, compression=0, masks=(), colors=b"", named=0, top_down=False, size=(29, 17), file_header=True
):
    """rows: the bytes of each row from the top, or run lengths."""
    width, height = size
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack(
            "<IiiHHIIiiII",
            header,
            width,
            -height if top_down else height,
            1,
            bits,
            compression,
            0,
            2835,
            2835,
            named,
            0,
        )
        info += struct.pack(f"<{len(masks)}I", *masks)
        info += bytes(max(0, header - len(info)))
    if not isinstance(rows, bytes):
        rows = b"".join(row + bytes(-len(row) % 4) for row in (rows if top_down else rows[::-1]))
    start = 14 + len(info) + len(colors)
    return (b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) if file_header else b"") + info + colors + rows


def bmp_files(folder):
    """Every header, depth, kind of palette and of masks. (Only what Pillow 12.1.1 and 13.0 read alike: some run lengths differ.)"""

    def rows(bits, size=(29, 17)):
        return [r.tobytes() for r in pattern("noise", (size[0] * bits + 7) // 8, size[1], 1)[..., 0]]

    def colors(n, each=4):
        return bytes((37 * i + 11 * k) % 256 for i in range(n) for k in range(each))

    levels = bytes(v for i in range(256) for v in (i, i, i, 0))
    runs = (
        bytes([9, 4, 0, 5, 1, 2, 3, 4, 5, 0, 15, 77, 0, 0, 29, 8, 0, 0, 3, 1, 200, 9, 0, 0])
        + bytes([7, 6, 22, 200, 0, 0]) * 14
        + b"\0\1"
    )
    halves = (
        bytes([9, 0x4A, 0, 4, 0x12, 0x34, 16, 0x7B, 0, 0]) + bytes([29, 0x81, 0, 0, 7, 6, 22, 0xC2, 0, 0]) * 8 + b"\0\1"
    )
    for name, data in [
        ("1", bmp(40, 1, rows(1), colors=colors(2))),
        ("4", bmp(40, 4, rows(4), colors=colors(16))),
        ("8_few", bmp(40, 8, rows(8), colors=colors(17), named=17)),
        ("8_levels", bmp(40, 8, rows(8), colors=levels, top_down=True)),
        ("core_4", bmp(12, 4, rows(4), colors=colors(16, 3))),
        ("core_24", bmp(12, 24, rows(24))),
        ("os2_24", bmp(64, 24, rows(24))),
        ("555", bmp(40, 16, rows(16))),
        ("565", bmp(40, 16, rows(16), 3, (0xF800, 0x7E0, 0x1F))),
        ("555_masks", bmp(124, 16, rows(16), 3, (0x7C00, 0x3E0, 0x1F, 0))),
        ("24_down", bmp(40, 24, rows(24), top_down=True)),
        ("32", bmp(40, 32, rows(32))),
        ("v2_xrgb", bmp(52, 32, rows(32), 3, (0xFF000000, 0xFF0000, 0xFF00))),
        ("v3_bgra", bmp(56, 32, rows(32), 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000))),
        ("v4_rgba", bmp(108, 32, rows(32), 3, (0xFF, 0xFF00, 0xFF0000, 0xFF000000))),
        ("v5_abgr", bmp(124, 32, rows(32), 3, (0xFF000000, 0xFF0000, 0xFF00, 0xFF))),
        ("runs_8", bmp(40, 8, runs, 1, colors=colors(100), named=100)),
        ("runs_4", bmp(40, 4, halves, 2, colors=colors(16))),
        ("runs_8_down", bmp(40, 8, runs, 1, colors=levels, top_down=True)),
    ]:
        (folder / f"bmp_{name}.bmp").write_bytes(data)
    (folder / "bmp_8.dib").write_bytes(bmp(40, 8, rows(8), colors=colors(256), file_header=False))


def text_files(folder):
    """PNM as text, and of few levels."""
    gray = Image.fromarray(pattern("waves", 20, 13, 1)[..., 0])
    gray.convert("1").save(folder / "bits.pbm")
    (folder / "text.pbm").write_bytes(b"P1 # black is 1\n20 13\n" + bytes(48 + n % 2 for n in gray.tobytes()))
    (folder / "text.pgm").write_text("P2\n20 13 255\n" + "\n".join(str(n) for n in gray.tobytes()))
    (folder / "levels.pgm").write_bytes(b"P5\n20 13\n90\n" + gray.tobytes())
    (folder / "text.ppm").write_text(
        "P3 10 13 1000\n" + " ".join(str(4 * n % 1001) for n in pattern("noise", 10, 13, 3).tobytes())
    )
    (folder / "16.ppm").write_bytes(b"P6 10 13 65535\n" + pattern("noise", 20, 13, 3).tobytes())


def webp_files(folder):
    color, alpha = Image.fromarray(smooth(WIDTH, HEIGHT, 3)), Image.fromarray(smooth(WIDTH, HEIGHT, 4))
    color.save(folder / "lossy.webp", quality=60)
    color.save(folder / "lossless.webp", lossless=True)
    alpha.save(folder / "alpha.webp", quality=60)
    alpha.save(folder / "alpha_lossless.webp", lossless=True, exact=True)
    alpha.save(folder / "animated.webp", save_all=True, append_images=[alpha.rotate(180)], duration=50, quality=50)


def oriented_files(folder):
    image = Image.fromarray(smooth(20, 13, 3))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(folder / f"orientation_{orientation}.jpg", exif=exif, quality=90)
        image.save(folder / f"orientation_{orientation}.png", exif=exif)
    exif[0x0112] = 6
    image.save(folder / "orientation_6.webp", exif=exif, lossless=True)
    # The other order of bytes.
    big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0\0\0\0\0"
    image.save(folder / "orientation_5_big.jpg", exif=big, quality=90)


def decoded(image):
    mode = {"P": "RGB", "1": "L", "LA": "RGBA"}.get(image.mode, image.mode)
    return image if mode == image.mode else image.convert(mode)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=pathlib.Path)
    arguments = parser.parse_args()
    here = pathlib.Path(__file__).parent
    folder = here / "images"
    folder.mkdir(exist_ok=True)
    for make in (png_files, jpeg_files, gif_files, other_files, bmp_files, text_files, webp_files, oriented_files):
        make(folder)

    lines = []
    paths = [(p.name, p) for p in sorted(folder.iterdir())] + [
        (f"data/{p.name}", p) for p in sorted(arguments.images.glob("*.jpg"))
    ]
    for name, path in paths:
        image = Image.open(path)
        image.load()
        pixels = decoded(image)
        lines.append(f"decode {name} {image.mode} {image.width} {image.height} {zlib.crc32(pixels.tobytes()):08x}")
        for n, mode, interpolation, order in [
            (32, "shortest", "bicubic", "openai"),
            (32, "shortest", "bicubic", "huggingface"),
            (56, "squash", "bilinear", "openai"),
        ]:
            lines.append(
                f"preprocess {name} {n} {mode} {interpolation} {order} {checksum(preprocessed(image, n, mode, interpolation, order))}"
            )
        if "orientation" in name:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            lines.append(f"oriented {name} {upright.width} {upright.height} {zlib.crc32(upright.tobytes()):08x}")
    (here / "images.txt").write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
