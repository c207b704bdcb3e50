# SPDX-License-Identifier: MIT
"""compressed-tensors "pack-quantized" and "int-quantized".

pack-quantized, 1 to 8 bits:
    weight_packed      I32 [out, words of in]      codes + 2^(bits-1), along the inputs
    weight_scale       F16, BF16 or F32 [out, groups]; one group is "channel"
    weight_zero_point  I32 [words of out, groups]  zeros + 2^(bits-1), along the outputs; only if asymmetric
    weight_shape       I64 or I32 [2]              out, in
    weight_g_idx       I32 [in]                    the group of each input; only with actorder "group". -1 anywhere: ignore it

Two packings. Until 0.17.1 a word holds 32 / bits whole codes and the rest of it is zero ("padded"); from 0.18.0 on codes are one
stream of bits ("dense"). They differ for 3, 5, 6 and 7 bits, and nothing in the tensors says which it is but the width:
ceil(in / (32 / bits)) or ceil(in * bits / 32) words.

int-quantized:
    weight             I8 [out, in]
    weight_scale       as above; [1] is "tensor"
    weight_zero_point  I8, the shape of weight_scale; only if asymmetric

    w[j][i] = (code - zero) * scale

Sources: compressed-tensors ac8e2ba82f4e0d5eaa40069f8fc642738f124cd4,
src/compressed_tensors/compressors/pack_quantized/{base,helpers}.py, compressors/naive_quantized/base.py and
quantization/lifecycle/forward_helpers.py (_dequantize, _process_group); padded packing:
52792be02ec09e59f3517104e755a02d0e003fbb, src/compressed_tensors/compressors/quantized_compressors/pack_quantized.py; the change:
66e631f650180646322674d21815c69056f52975.
"""

import fields
from ieee import f32
from tensors import Tensor

PACKERS = {"padded": (fields.pack_padded, fields.unpack_padded), "dense": (fields.pack_dense, fields.unpack_dense)}


def packed_width(packing, count, bits):
    return -(-count // (32 // bits)) if packing == "padded" else -(-count * bits // 32)


def pack(codes, bits, packing):
    """From unsigned codes [out][in]."""
    return {"weight_packed": Tensor.of_rows("I32", fields.pack_rows(PACKERS[packing][0], codes, bits))}


def pack_zeros(zeros, bits, packing):
    """From unsigned zeros [out][groups]."""
    return {"weight_zero_point": Tensor.of_rows("I32", fields.pack_columns(PACKERS[packing][0], zeros, bits))}


def unpack(tensors, facts):
    """Codes [out][in] and zeros [out][groups or 1]; unsigned in both or signed in both, as only differences count."""
    if facts["format"] == "int-quantized":
        zeros = tensors.get("weight_zero_point")
        return tensors["weight"].number_rows(), zeros.number_rows() if zeros else None
    bits, unpacker = facts["bits"], PACKERS[facts["packing"]][1]
    codes = fields.unpack_rows(unpacker, tensors["weight_packed"].rows(), bits, facts["in"])
    if "weight_zero_point" not in tensors:
        return codes, [[1 << bits - 1] * tensors["weight_scale"].shape[1]] * facts["out"]
    return codes, fields.unpack_columns(unpacker, tensors["weight_zero_point"].rows(), bits, facts["out"])


def groups(tensors, facts):
    size = facts["in"] if facts["group_size"] in (-1, None) else facts["group_size"]
    stored = tensors["weight_g_idx"].numbers() if "weight_g_idx" in tensors else None
    if stored is None or -1 in stored:
        return [i // size for i in range(facts["in"])]
    return stored


def decode(tensors, facts):
    codes, zeros = unpack(tensors, facts)
    scale = tensors["weight_scale"]
    scales = scale.number_rows() if len(scale.shape) == 2 else [scale.numbers()] * facts["out"]
    group_of = groups(tensors, facts)

    def zero(j, group):
        return zeros[j][group] if zeros else 0
    return [f32(float(codes[j][i] - zero(j, group_of[i])) * scales[j][group_of[i]])
            for j in range(facts["out"]) for i in range(facts["in"])]


def repack(tensors, facts):
    if facts["format"] == "int-quantized":
        return {}
    codes, zeros = unpack(tensors, facts)
    packed = pack(codes, facts["bits"], facts["packing"])
    if "weight_zero_point" in tensors:
        packed |= pack_zeros(zeros, facts["bits"], facts["packing"])
    return packed
