"""Pictures of a few bytes, made by hand."""
import struct
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rgb=(200, 30, 30)):
    rows = (b"\0" + bytes(rgb) * width) * height
    return png_claiming(width, height) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_claiming(width, height):
    """Only the start of a PNG file of that size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def ftyp(brand):
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + brand + b"mif1" + bytes(200)


HEIC, AVIF = ftyp(b"heic"), ftyp(b"avif")
TIFF = b"II*\0" + struct.pack("<I", 8) + bytes(200)
