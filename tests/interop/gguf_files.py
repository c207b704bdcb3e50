# SPDX-License-Identifier: MIT
#
# Reads and writes GGUF files with Python's own library and nothing of this project: a second opinion on the format.
import mmap
import struct

ALIGNMENT = 32
UINT32, FLOAT32, STRING, ARRAY = 4, 6, 8, 9
F32 = 0

# Bytes of one value of the metadata's fixed types, by their numbers.
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class GgufFile:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.at = 0
        magic, _, tensor_count, key_count = self.take("<4sIQQ")
        if magic != b"GGUF":
            raise SystemExit(f"{path}: found {magic}, expected GGUF")
        # Values stay bytes, their type in front: equal means equal to the bit.
        self.metadata = {}
        for _ in range(key_count):
            key = self.text()
            self.metadata[key] = self.value()
        infos = []
        for _ in range(tensor_count):
            name = self.text()
            (rank,) = self.take("<I")
            dimensions = self.take(f"<{rank}Q")
            kind, offset = self.take("<IQ")
            infos.append((name, dimensions, kind, offset))
        start = -(-self.at // ALIGNMENT) * ALIGNMENT
        ends = sorted(start + info[3] for info in infos)[1:] + [len(self.data)]
        following = dict(zip(sorted(start + info[3] for info in infos), ends))
        # With the padding behind it, which is zeros.
        self.tensors = {
            name: (dimensions, kind, start + offset, following[start + offset]) for name, dimensions, kind, offset in infos
        }

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def text(self):
        (length,) = self.take("<Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self):
        begin = self.at
        (kind,) = self.take("<I")
        self.skip(kind)
        return self.data[begin : self.at]

    def skip(self, kind):
        if kind == STRING:
            self.text()
        elif kind == ARRAY:
            element, length = self.take("<IQ")
            if element in SIZES:
                self.at += SIZES[element] * length
            else:
                for _ in range(length):
                    self.skip(element)
        else:
            self.at += SIZES[kind]

    def bytes_of(self, name):
        _, _, begin, end = self.tensors[name]
        return self.data[begin:end]


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def typed(kind, value):
    if kind == STRING:
        return text(value)
    return struct.pack("<I" if kind == UINT32 else "<f", value)


def write_gguf(path, metadata, tensors):
    """metadata: (key, type, value), a list for an array; tensors: (name, dimensions, floats)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, kind, value in metadata:
        if isinstance(value, list):
            head += text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(typed(kind, one) for one in value)
        else:
            head += text(key) + struct.pack("<I", kind) + typed(kind, value)
    offset = 0
    for name, dimensions, numbers in tensors:
        head += text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, F32, offset)
        offset += -(-4 * len(numbers) // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as file:
        file.write(head)
        for _, _, numbers in tensors:
            file.write(bytes(-file.tell() % ALIGNMENT))
            numbers.tofile(file)
        file.write(bytes(-file.tell() % ALIGNMENT))
