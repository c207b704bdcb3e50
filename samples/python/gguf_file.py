# SPDX-License-Identifier: MIT
"""Just enough of GGUF (versions 2 and 3) to find the tensors of a file. Nothing is copied: data are where the map has them."""

import mmap
import struct
from dataclasses import dataclass
from math import prod

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_MAX_NESTING = 8


class GgufError(Exception):
    """The file is no GGUF file, or damaged."""


@dataclass
class Tensor:
    type: int  # a GGUF type number
    dims: tuple  # the length of a row first
    offset: int  # where its data begin in the map

    @property
    def value_count(self):
        return prod(self.dims)


class GgufFile:
    """The tensors of a model by name. Memory-mapped, for reading; the map is private, so that ctypes may take its address."""

    def __init__(self, path):
        self._at = 0
        try:
            with open(path, "rb") as file:
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            self.tensors = self._read_head()
        except GgufError as e:
            raise GgufError(f"{path}: {e}") from e
        except (struct.error, ValueError, OverflowError) as e:
            raise GgufError(f"{path}: the file ends too early or is damaged") from e

    def _read_head(self):
        if self.map[:4] != b"GGUF":
            raise GgufError("this is no GGUF file")
        self._at = 4
        version, tensor_count, metadata_count = self._scalar("I"), self._scalar("Q"), self._scalar("Q")
        if version not in (2, 3):
            raise GgufError(f"GGUF version {version}, expected 2 or 3")

        alignment = 32
        for _ in range(metadata_count):
            key = self._string()
            value = self._value(self._scalar("I"))
            if key == b"general.alignment":
                alignment = value
        if not isinstance(alignment, int) or alignment <= 0:
            raise GgufError(f"alignment {alignment}, expected a positive number")

        tensors = {}
        for _ in range(tensor_count):
            name = self._string().decode()
            dims = tuple(self._scalar("Q") for _ in range(self._scalar("I")))
            tensors[name] = Tensor(self._scalar("I"), dims, self._scalar("Q"))
        data = -(-self._at // alignment) * alignment
        for tensor in tensors.values():
            tensor.offset += data
        return tensors

    def _scalar(self, code):
        (value,) = struct.unpack_from("<" + code, self.map, self._at)
        self._at += struct.calcsize("<" + code)
        return value

    def _string(self):
        length = self._scalar("Q")
        text = self.map[self._at : self._at + length]
        self._at += length
        return text

    def _value(self, type_number, nesting=0):
        """A value; arrays are only passed over."""
        if type_number in _SCALARS:
            return self._scalar(_SCALARS[type_number])
        if type_number == _STRING:
            return self._string()
        if type_number != _ARRAY or nesting > _MAX_NESTING:
            raise GgufError(f"a value of type {type_number}")
        element, count = self._scalar("I"), self._scalar("Q")
        if element in _SCALARS:
            self._at += count * struct.calcsize("<" + _SCALARS[element])
            return None
        for _ in range(count):
            self._value(element, nesting + 1)
        return None
