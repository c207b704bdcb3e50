# SPDX-License-Identifier: MIT
"""compressed-tensors vectors: both packings of every width, groups and channels, with and without zeros, act-order."""

from cases.scales import scale_bits
from layouts import compressed_tensors as layout
from randoms import Random
from tensors import Tensor


def pack_quantized(name, bits, inputs, outputs, group_size, packing="dense", symmetric=True, scales="BF16", g_idx=None, note=None):
    random = Random(name)
    facts = {"layout": "compressed-tensors", "format": "pack-quantized", "in": inputs, "out": outputs, "bits": bits,
             "group_size": group_size, "strategy": "channel" if group_size is None else "group", "packing": packing,
             "symmetric": symmetric, "act_order": g_idx == "shuffled"}
    if note:
        facts["note"] = note
    groups = 1 if group_size is None else inputs // group_size
    tensors = layout.pack(random.matrix(outputs, inputs, bits), bits, packing)
    if not symmetric:
        tensors |= layout.pack_zeros(random.matrix(outputs, groups, bits), bits, packing)
    tensors["weight_scale"] = Tensor(scales, (outputs, groups), scale_bits(random, scales, outputs * groups))
    tensors["weight_shape"] = Tensor("I64", (2,), [outputs, inputs])
    if g_idx:
        order = [i // group_size for i in range(inputs)]
        index = {"shuffled": random.shuffled(order), "unset": [0xFFFFFFFF] * inputs}[g_idx]
        tensors["weight_g_idx"] = Tensor("I32", (inputs,), index)
    return name, facts, tensors


def int_quantized(name, inputs, outputs, strategy, symmetric=True, scales="BF16"):
    random = Random(name)
    facts = {"layout": "compressed-tensors", "format": "int-quantized", "in": inputs, "out": outputs, "bits": 8,
             "group_size": None, "strategy": strategy, "symmetric": symmetric, "act_order": False}
    shape = (1,) if strategy == "tensor" else (outputs, 1)
    tensors = {"weight": Tensor.of_rows("I8", random.matrix(outputs, inputs, 8)),
               "weight_scale": Tensor(scales, shape, scale_bits(random, scales, shape[0]))}
    if not symmetric:
        tensors["weight_zero_point"] = Tensor("I8", shape, [random.bits(8) for _ in range(shape[0])])
    return name, facts, tensors


def cases():
    for bits in (1, 2, 4, 8):
        yield pack_quantized(f"ct-pack-b{bits}-g32", bits, 96, 40, 32)
        yield pack_quantized(f"ct-pack-b{bits}-g32-asym-f16", bits, 96, 44, 32, symmetric=False, scales="F16",
                             note="44 outputs: the last word of zeros is not full")
    for bits in (3, 5, 6, 7):
        for packing in ("padded", "dense"):
            yield pack_quantized(f"ct-pack-b{bits}-g32-{packing}", bits, 96, 40, 32, packing)
            yield pack_quantized(f"ct-pack-b{bits}-g24-asym-{packing}", bits, 96, 37, 24, packing, symmetric=False)
    yield pack_quantized("ct-pack-b4-channel", 4, 100, 33, None, scales="F32", note="100 inputs: the last word is not full")
    yield pack_quantized("ct-pack-b4-channel-asym", 4, 68, 33, None, symmetric=False)
    yield pack_quantized("ct-pack-b8-channel-asym", 8, 70, 30, None, symmetric=False, scales="F16")
    yield pack_quantized("ct-pack-b4-g32-act", 4, 128, 32, 32, g_idx="shuffled")
    yield pack_quantized("ct-pack-b4-g40-asym-act", 4, 160, 32, 40, symmetric=False, scales="F16", g_idx="shuffled")
    yield pack_quantized("ct-pack-b4-g32-unset-g_idx", 4, 64, 32, 32, g_idx="unset", note="a g_idx with -1 was never set: in order")
    yield int_quantized("ct-int8-channel", 72, 40, "channel")
    yield int_quantized("ct-int8-channel-asym", 72, 40, "channel", symmetric=False, scales="F16")
    yield int_quantized("ct-int8-tensor", 72, 40, "tensor", scales="F32")
