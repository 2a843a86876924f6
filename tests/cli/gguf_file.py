"""A GGUF file as Python values, to be damaged on purpose: read, change a field, write.

Written from the format's description (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md);
knows nothing of the program's own reader.
"""
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
SIZES = {U8: 1, I8: 1, U16: 2, I16: 2, U32: 4, I32: 4, F32: 4, BOOL: 1, U64: 8, I64: 8, F64: 8}
TYPE_F32, TYPE_F16, TYPE_IQ2_XXS = 0, 1, 16


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


class Tensor:
    def __init__(self, name, dims, type, offset, size):
        self.name, self.dims, self.type, self.offset, self.size = name, dims, type, offset, size


class Gguf:
    """version, pairs {key: (type, bytes of the value)}, tensors, data; counts may be overruled."""

    def __init__(self, path=None):
        self.magic, self.version, self.pairs, self.tensors, self.data = b"GGUF", 3, {}, [], b""
        self.tensor_count = self.pair_count = None
        if path:
            self.read(path)

    def read(self, path):
        self.bytes, self.at = open(path, "rb").read(), 8
        tensor_count, pair_count = self.take("<QQ")
        for _ in range(pair_count):
            key, type = self.take_text(), self.take("<I")[0]
            start = self.at
            self.skip(type)
            self.pairs[key] = (type, self.bytes[start:self.at])
        for _ in range(tensor_count):
            name = self.take_text()
            dims = list(self.take(f"<{self.take('<I')[0]}Q"))
            self.tensors.append(Tensor(name, dims, *self.take("<IQ"), 0))
        start = -(-self.at // 32) * 32
        self.data = self.bytes[start:]
        ends = sorted({t.offset for t in self.tensors} | {len(self.data)})
        for t in self.tensors:
            t.size = ends[ends.index(t.offset) + 1] - t.offset

    def take(self, form):
        values = struct.unpack_from(form, self.bytes, self.at)
        self.at += struct.calcsize(form)
        return values

    def take_text(self):
        size = self.take("<Q")[0]
        self.at += size
        return self.bytes[self.at - size:self.at].decode()

    def skip(self, type):
        if type == STRING:
            self.take_text()
        elif type == ARRAY:
            item, count = self.take("<IQ")
            for _ in range(count if item == STRING else 0):
                self.take_text()
            self.at += 0 if item == STRING else SIZES[item] * count
        else:
            self.at += SIZES[type]

    def set(self, key, type, value):
        codes = {U16: "<H", U32: "<I", I32: "<i", F32: "<f", U64: "<Q"}
        self.pairs[key] = (type, text(value) if type == STRING else struct.pack(codes[type], value))

    def tensor(self, name):
        return next(t for t in self.tensors if t.name == name)

    def head(self):
        """All before the tensors' data, padded."""
        tensors = len(self.tensors) if self.tensor_count is None else self.tensor_count
        pairs = len(self.pairs) if self.pair_count is None else self.pair_count
        out = self.magic + struct.pack("<IQQ", self.version, tensors, pairs)
        for key, (type, value) in self.pairs.items():
            out += text(key) + struct.pack("<I", type) + value
        for t in self.tensors:
            out += text(t.name) + struct.pack("<I", len(t.dims))
            out += struct.pack(f"<{len(t.dims)}Q", *t.dims) + struct.pack("<IQ", t.type, t.offset)
        return out + bytes(-len(out) % 32)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(self.head() + self.data)
        return path

    def split(self, prefix, count):
        """Writes the model in so many files; returns their paths."""
        paths = [prefix.with_name(f"{prefix.name}-{i + 1:05d}-of-{count:05d}.gguf")
                 for i in range(count)]
        for i, path in enumerate(paths):
            part = Gguf()
            part.pairs = dict(self.pairs) if i == 0 else {}
            part.set("split.no", U16, i)
            part.set("split.count", U16, count)
            part.set("split.tensors.count", I32, len(self.tensors))
            for t in self.tensors[i::count]:
                part.tensors.append(Tensor(t.name, t.dims, t.type, len(part.data), t.size))
                part.data += self.data[t.offset:t.offset + t.size]
                part.data += bytes(-len(part.data) % 32)
            part.write(path)
        return paths
