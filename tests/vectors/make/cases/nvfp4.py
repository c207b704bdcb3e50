# SPDX-License-Identifier: MIT
"""NVFP4 vectors: the scale of the tensor divided by and multiplied with."""

from cases.scales import scale_bits
from layouts import mxfp4, nvfp4
from randoms import Random
from tensors import Tensor


def case(name, form, inputs, outputs, factor, edges=True, note=None):
    """factor: the bits of the tensor's scale."""
    random = Random(name)
    facts = {"layout": "nvfp4", "format": form, "in": inputs, "out": outputs}
    if note:
        facts["note"] = note
    packed = Tensor("U8", (outputs, inputs // 2), mxfp4.pack_nibbles([random.bits(4) for _ in range(inputs * outputs)]))
    blocks = inputs // nvfp4.BLOCK
    tensors = {"weight_scale": Tensor("F8_E4M3", (outputs, blocks), scale_bits(random, "F8_E4M3", outputs * blocks, edges))}
    if form == "modelopt":
        tensors |= {"weight": packed, "weight_scale_2": Tensor("F32", (), [factor])}
    else:
        tensors |= {"weight_packed": packed, "weight_global_scale": Tensor("F32", (1,), [factor])}
    return name, facts, tensors


def cases():
    yield case("nvfp4-ct", "nvfp4-pack-quantized", 96, 40, 0x459A3D71, note="divided by about 4935.7")
    yield case("nvfp4-ct-small", "nvfp4-pack-quantized", 48, 24, 0x7E967699, note="divided by 1e38: subnormal scales")
    yield case("nvfp4-modelopt", "modelopt", 96, 40, 0x39524D3B, note="multiplied with about 2.006e-4")
    yield case("nvfp4-modelopt-small", "modelopt", 48, 24, 0x00012345, note="multiplied with a subnormal")
