# SPDX-License-Identifier: MIT
"""AWQ: 4 bits, true zeros, groups of inputs in order. Three layouts ("version" in the configuration).

gemm    qweight I32 [in, out/8], qzeros I32 [groups, out/8]: nibbles along the outputs, shuffled in each word:
            nibble of a word (lowest first)   0  1  2  3  4  5  6  7
            holds output 8 * word +           0  2  4  6  1  3  5  7
        scales F16 [groups, out]

gemv    qweight I32 [out, in/8], qzeros I32 [out, width]: nibbles along the inputs and groups, in order
        scales F16 [out, 8 * width]
        width is the groups in words, rounded up to words that hold 1024 inputs' groups; what is past the groups is padding.

gemv_fast
        qweight I16 [out/4, in]: four outputs interleaved; see nibble_place()
        scales and qzeros F16 [8 * width, out]; qzeros holds -scale * zero, rounded to half.

gemm and gemv:  w[j][i] = scale * (code - zero)
gemv_fast:      w[j][i] = code * scale + qzeros     (the product is exact in float32, so there is one rounding)

Sources: AutoAWQ 88e4c76b20755db275574e6a03c83c84ba3bece5, awq/modules/linear/gemm.py, gemv.py, gemv_fast.py and
awq/utils/packing_utils.py; AutoAWQ_kernels c7b0e88c327694c715b0a758d9ce8fd414a1fa21, awq_ext/quantization/gemv_cuda.cu.
"""

import fields
from ieee import f32
from tensors import Tensor

BITS = 4
OUTPUT_OF_NIBBLE = [0, 2, 4, 6, 1, 3, 5, 7]


def group_size(facts):
    return facts["in"] if facts["group_size"] == -1 else facts["group_size"]


def shuffle(row):
    return [row[word + k] for word in range(0, len(row), 8) for k in OUTPUT_OF_NIBBLE]


def unshuffle(row):
    result = [0] * len(row)
    for word in range(0, len(row), 8):
        for nibble, k in enumerate(OUTPUT_OF_NIBBLE):
            result[word + k] = row[word + nibble]
    return result


def padded_width(inputs, group):
    """Words of zeros for one output in the gemv layouts; the projects refuse groups below 128 other than 64 and 32."""
    multiple = {64: 2, 32: 4}.get(group, 1)
    assert multiple > 1 or group >= 128, f"groups of {group} have no gemv layout"
    words = -(-(inputs // group) // 8)
    return -(-words // multiple) * multiple


def nibble_place(output, k):
    """gemv_fast: (row, column, nibble) of the 16-bit word with the code of an output and input k.

    Of 32 inputs, bits a a b b c of k's place become b b c a a; then 4 outputs x 64 inputs are a row of 256 nibbles in 64 words.
    """
    a, b, c = k >> 3 & 3, k >> 1 & 3, k & 1
    place = (output % 4) * 64 + (k & 32) + (b << 3 | c << 2 | a)
    return output // 4, k // 64 * 64 + place // 4, place % 4


def pack_gemm(codes, zeros):
    """From codes [in][out] and zeros [groups][out]."""
    def pack(rows):
        return Tensor.of_rows("I32", fields.pack_rows(fields.pack_dense, [shuffle(row) for row in rows], BITS))
    return {"qweight": pack(codes), "qzeros": pack(zeros)}


def pack_gemv(codes, zeros, width):
    """From codes [out][in] and zeros [out][groups]."""
    padded = [row + [0] * (8 * width - len(row)) for row in zeros]
    return {"qweight": Tensor.of_rows("I32", fields.pack_rows(fields.pack_dense, codes, BITS)),
            "qzeros": Tensor.of_rows("I32", fields.pack_rows(fields.pack_dense, padded, BITS))}


def pack_gemv_fast(codes):
    words = [[0] * len(codes[0]) for _ in range(len(codes) // 4)]
    for output, row in enumerate(codes):
        for k, code in enumerate(row):
            y, x, nibble = nibble_place(output, k)
            words[y][x] |= code << 4 * nibble
    return {"qweight": Tensor.of_rows("I16", words)}


def unpack(tensors, facts):
    """Codes [out][in] and zeros [out][groups]; no zeros for gemv_fast."""
    inputs, outputs, version = facts["in"], facts["out"], facts["version"]
    words = tensors["qweight"].rows()
    if version == "gemv_fast":
        return [[words[y][x] >> 4 * n & 15 for y, x, n in (nibble_place(j, i) for i in range(inputs))] for j in range(outputs)], None
    zero_words = tensors["qzeros"].rows()
    if version == "gemv":
        return (fields.unpack_rows(fields.unpack_dense, words, BITS, inputs),
                fields.unpack_rows(fields.unpack_dense, zero_words, BITS, inputs // group_size(facts)))

    def rows(packed):
        return fields.transpose([unshuffle(row) for row in fields.unpack_rows(fields.unpack_dense, packed, BITS, outputs)])
    return rows(words), rows(zero_words)


def decode(tensors, facts):
    codes, zeros = unpack(tensors, facts)
    size, places = group_size(facts), [(j, i) for j in range(facts["out"]) for i in range(facts["in"])]
    scales = tensors["scales"].number_rows()
    if facts["version"] == "gemv_fast":
        shifts = tensors["qzeros"].number_rows()
        return [f32(codes[j][i] * scales[i // size][j] + shifts[i // size][j]) for j, i in places]
    if facts["version"] == "gemm":
        scales = fields.transpose(scales)
    return [f32(scales[j][i // size] * float(codes[j][i] - zeros[j][i // size])) for j, i in places]


def repack(tensors, facts):
    codes, zeros = unpack(tensors, facts)
    if facts["version"] == "gemv_fast":
        return pack_gemv_fast(codes)
    if facts["version"] == "gemv":
        return pack_gemv(codes, zeros, tensors["qzeros"].shape[1])
    return pack_gemm(fields.transpose(codes), fields.transpose(zeros))
