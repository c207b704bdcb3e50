# SPDX-License-Identifier: MIT
"""GPTQ: 2, 3, 4 or 8 bits, packed along the inputs.

    qweight  I32 [in * bits / 32, out]      column j: the codes of output j, one stream of bits over all inputs
    qzeros   I32 [groups, out * bits / 32]  row g: the zeros of group g, one stream of bits over all outputs
    scales   F16, BF16 or F32 [groups, out]
    g_idx    I32 [in]                       the group of each input; may be missing

    w[j][i] = scale[g][j] * (code[i][j] - zero[g][j]),   g = g_idx[i]

A 3-bit stream straddles words: values 10 and 21 of every 32 are split. checkpoint_format "gptq" stores zero - 1, "gptq_v2" the
zero itself. A stored zero of all ones then means 2^bits in AutoGPTQ's qlinear_cuda, 0 in its qlinear_cuda_old (2, 4 and 8 bits).

Sources: AutoGPTQ 9f7d37072917ab3a7545835f23e808294a542153, auto_gptq/nn_modules/qlinear/qlinear_cuda.py and
qlinear_cuda_old.py; GPTQModel f4c327a17eb3e24524d5a97a3d682e3696ae6a28, gptqmodel/nn_modules/qlinear/__init__.py
(PackableQuantLinear) and gptqmodel/utils/model.py (convert_gptq_v1_to_v2_format_module).
"""

import fields
from ieee import f32
from tensors import Tensor


def group_size(facts):
    return facts["in"] if facts["group_size"] == -1 else facts["group_size"]


def groups_in_order(facts):
    return [i // group_size(facts) for i in range(facts["in"])]


def groups(tensors, facts):
    """The group of each input. All zeros with several groups is a file whose writer filled in no g_idx."""
    count = tensors["scales"].shape[0]
    stored = tensors["g_idx"].numbers() if "g_idx" in tensors else None
    if stored is None or count > 1 and not any(stored):
        return groups_in_order(facts)
    assert all(0 <= group < count for group in stored)
    return stored


def stored_minus(facts):
    return {"gptq": 1, "gptq_v2": 0}[facts["checkpoint_format"]]


def unpack(tensors, facts):
    """Codes [in][out] and stored zeros [groups][out]."""
    bits = facts["bits"]
    return (fields.unpack_columns(fields.unpack_dense, tensors["qweight"].rows(), bits, facts["in"]),
            fields.unpack_rows(fields.unpack_dense, tensors["qzeros"].rows(), bits, facts["out"]))


def pack(codes, stored_zeros, bits):
    return {"qweight": Tensor.of_rows("I32", fields.pack_columns(fields.pack_dense, codes, bits)),
            "qzeros": Tensor.of_rows("I32", fields.pack_rows(fields.pack_dense, stored_zeros, bits))}


def decode(tensors, facts):
    codes, stored_zeros = unpack(tensors, facts)
    mask = (1 << facts["bits"]) - 1 if facts.get("zero_wrap") else -1
    zeros = [[zero + stored_minus(facts) & mask for zero in row] for row in stored_zeros]
    scales, group_of = tensors["scales"].number_rows(), groups(tensors, facts)
    return [f32(scales[group_of[i]][j] * float(codes[i][j] - zeros[group_of[i]][j]))
            for j in range(facts["out"]) for i in range(facts["in"])]


def repack(tensors, facts):
    return pack(*unpack(tensors, facts), facts["bits"])
