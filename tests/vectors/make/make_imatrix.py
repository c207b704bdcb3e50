#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes ../imatrix: importance matrices in both forms of llama.cpp's imatrix tool, and what they mean.

The forms are those that `save_imatrix_legacy` and `save_imatrix` of llama.cpp's tools/imatrix/imatrix.cpp write (MIT license), the
values those that `load_imatrix` of tools/quantize/quantize.cpp makes of them. Nothing but Python is needed:

    python3 tests/vectors/make/make_imatrix.py
"""

import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "imatrix"
CHUNKS, CHUNK_SIZE, DATASET = 3, 512, "calibration.txt"

# Name, columns, and of each matrix how many rows were seen. The last expert of the third tensor never was.
TENSORS = [
    ("blk.0.attn_q.weight", 32, [1536]),
    ("blk.0.ffn_down.weight", 64, [1536]),
    ("blk.0.ffn_up_exps.weight", 32, [700, 836, 0]),
]


def f32(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


def sums(tensor, columns, counts):
    """Sums of squares: nothing random, so that the script says all."""
    return [
        [f32(count * (1 + (column * 7 + matrix * 3 + tensor) % 11) / 8) for column in range(columns)]
        for matrix, count in enumerate(counts)
    ]


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def legacy():
    """All matrices of a tensor share the number of calls, and what was never seen is 1 (before it is multiplied with it)."""
    out = [struct.pack("<i", len(TENSORS))]
    meaning = []
    for at, (name, columns, counts) in enumerate(TENSORS):
        calls = (max(counts) + CHUNK_SIZE - 1) // CHUNK_SIZE
        values = [
            f32(f32((total if count else 1) / (count or 1)) * calls)
            for row, count in zip(sums(at, columns, counts), counts)
            for total in row
        ]
        out += [struct.pack("<i", len(name)), name.encode(), struct.pack("<ii", calls, len(values)), floats(values)]
        meaning.append(floats([f32(value / calls) for value in values]))
    out += [struct.pack("<ii", CHUNKS, len(DATASET)), DATASET.encode()]
    return b"".join(out), b"".join(meaning)


def gguf():
    metadata = [
        text("general.type") + struct.pack("<I", 8) + text("imatrix"),
        text("imatrix.datasets") + struct.pack("<IIQ", 9, 8, 1) + text(DATASET),
        text("imatrix.chunk_count") + struct.pack("<II", 4, CHUNKS),
        text("imatrix.chunk_size") + struct.pack("<II", 4, CHUNK_SIZE),
    ]
    tensors, data, meaning = [], b"", b""

    def add(name, columns, rows, values):
        nonlocal data
        tensors.append(text(name) + struct.pack("<IQQIQ", 2, columns, rows, 0, len(data)))
        data += floats(values)
        data += bytes(-len(data) % 32)

    for at, (name, columns, counts) in enumerate(TENSORS):
        rows = sums(at, columns, counts)
        add(name + ".in_sum2", columns, len(counts), [total for row in rows for total in row])
        add(name + ".counts", 1, len(counts), counts)
        add(name + ".in_sum", columns, len(counts), [-total for row in rows for total in row])
        meaning += floats([f32(total / count) if count else 1 for row, count in zip(rows, counts) for total in row])

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(metadata) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data, meaning


FOLDER.mkdir(exist_ok=True)
for form, (written, means) in {"dat": legacy(), "gguf": gguf()}.items():
    (FOLDER / f"imatrix.{form}").write_bytes(written)
    (FOLDER / f"imatrix.{form}.f32").write_bytes(means)
