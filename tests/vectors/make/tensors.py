# SPDX-License-Identifier: MIT
"""Tensors and safetensors files (format: https://github.com/huggingface/safetensors, README.md)."""

import json
import math
import struct
from dataclasses import dataclass

import ieee

# Bytes of an element, and what a number's bits mean; None: they are a whole number.
DTYPES = {
    "F32": (4, ieee.from_f32), "F16": (2, ieee.from_f16), "BF16": (2, ieee.from_bf16),
    "F8_E4M3": (1, ieee.from_e4m3), "F8_E5M2": (1, ieee.from_e5m2),
    "I64": (8, None), "I32": (4, None), "I16": (2, None), "I8": (1, None), "U8": (1, None),
}
UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass
class Tensor:
    """Elements are unsigned integers, the bits of whatever the type is, in row-major order."""

    dtype: str
    shape: tuple
    bits: list

    def __post_init__(self):
        self.shape = tuple(self.shape)
        assert len(self.bits) == math.prod(self.shape), f"{len(self.bits)} elements for a shape of {self.shape}"

    @staticmethod
    def of_rows(dtype, rows):
        return Tensor(dtype, (len(rows), len(rows[0])), [value for row in rows for value in row])

    def rows(self):
        height, width = self.shape
        return [self.bits[i * width:(i + 1) * width] for i in range(height)]

    def numbers(self):
        """The elements as Python numbers; whole numbers of I types are signed."""
        size, meaning = DTYPES[self.dtype]
        if meaning:
            return [meaning(bits) for bits in self.bits]
        if self.dtype.startswith("I"):
            half = 1 << 8 * size - 1
            return [(bits ^ half) - half for bits in self.bits]
        return list(self.bits)

    def number_rows(self):
        height, width = self.shape
        numbers = self.numbers()
        return [numbers[i * width:(i + 1) * width] for i in range(height)]

    def to_bytes(self):
        size = DTYPES[self.dtype][0]
        return struct.pack(f"<{len(self.bits)}{UNSIGNED[size]}", *self.bits)

    @staticmethod
    def from_bytes(dtype, shape, data):
        size = DTYPES[dtype][0]
        return Tensor(dtype, shape, list(struct.unpack(f"<{len(data) // size}{UNSIGNED[size]}", data)))


def f32_tensor(shape, values):
    """A float32 tensor of Python floats that are float32 values already."""
    return Tensor("F32", shape, [ieee.f32_bits(value) for value in values])


def write(path, tensors, metadata):
    """Wide types first, as the format's own writer does, so that every tensor is aligned for its type."""
    names = sorted(tensors, key=lambda name: (-DTYPES[tensors[name].dtype][0], name))
    header, data = {"__metadata__": metadata}, b""
    for name in names:
        tensor = tensors[name]
        begin, data = len(data), data + tensor.to_bytes()
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read(path, wanted=lambda name: True):
    """The tensors whose names are wanted, and the metadata."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if wanted(name):
            begin, end = entry["data_offsets"]
            tensors[name] = Tensor.from_bytes(entry["dtype"], entry["shape"], data[begin:end])
    return tensors, metadata
