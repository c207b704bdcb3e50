# SPDX-License-Identifier: MIT
"""Rows of small unsigned integers in 32-bit words, and matrices of them packed along either axis."""

WORD = 32
WORD_MASK = (1 << WORD) - 1


def pack_dense(values, bits):
    """One stream of bits, the first value lowest: value i is at bit i * bits, and may straddle two words."""
    stream = 0
    for i, value in enumerate(values):
        assert 0 <= value < 1 << bits
        stream |= value << i * bits
    return [stream >> WORD * word & WORD_MASK for word in range(-(-len(values) * bits // WORD))]


def unpack_dense(words, bits, count):
    stream = 0
    for i, word in enumerate(words):
        stream |= word << WORD * i
    return [stream >> i * bits & (1 << bits) - 1 for i in range(count)]


def pack_padded(values, bits):
    """As many whole values as a word has room for, the first one lowest; what is left of each word stays zero."""
    each = WORD // bits
    return [pack_dense(values[i:i + each], bits)[0] for i in range(0, len(values), each)]


def unpack_padded(words, bits, count):
    each = WORD // bits
    return [words[i // each] >> i % each * bits & (1 << bits) - 1 for i in range(count)]


def transpose(rows):
    return [list(column) for column in zip(*rows)]


def pack_rows(pack, rows, bits):
    return [pack(row, bits) for row in rows]


def unpack_rows(unpack, rows, bits, count):
    return [unpack(row, bits, count) for row in rows]


def pack_columns(pack, rows, bits):
    """Packs each column: the words of column j are in column j of the result."""
    return transpose(pack_rows(pack, transpose(rows), bits))


def unpack_columns(unpack, rows, bits, count):
    return transpose(unpack_rows(unpack, transpose(rows), bits, count))
