# SPDX-License-Identifier: MIT
"""NVFP4: E2M1 codes, an E4M3 scale for each 16 inputs, a float32 scale for the whole tensor; the lower nibble is the earlier input.

compressed-tensors "nvfp4-pack-quantized"
    weight_packed U8 [out, in/2], weight_scale F8_E4M3 [out, in/16], weight_global_scale F32 [1]
    w = value(code) * f32(scale / global)        divided: it is the factor that the writer multiplied by
ModelOpt
    weight U8 [out, in/2], weight_scale F8_E4M3 [out, in/16], weight_scale_2 F32 []
    w = value(code) * f32(scale * scale_2)       multiplied

The scale is rounded to float32 first, then the product.

Sources: compressed-tensors ac8e2ba82f4e0d5eaa40069f8fc642738f124cd4, src/compressed_tensors/compressors/nvfp4/{base,helpers}.py and
quantization/lifecycle/forward_helpers.py (_dequantize); TensorRT-Model-Optimizer 5a4242faf4147fb0688bb73e10ca30b8ad3aabb3,
modelopt/torch/quantization/qtensor/nvfp4_tensor.py (dequantize).
"""

import math

from ieee import E2M1, f32
from layouts.mxfp4 import nibbles

BLOCK = 16


def divided(scale, by):
    """IEEE division, which Python refuses by zero."""
    if by == 0:
        return math.nan if scale == 0 or math.isnan(scale) else math.copysign(math.inf, scale) * math.copysign(1, by)
    return scale / by


def block_scales(tensors, facts):
    scales = tensors["weight_scale"].numbers()
    if facts["format"] == "modelopt":
        factor = tensors["weight_scale_2"].numbers()[0]
        return [f32(scale * factor) for scale in scales]
    divisor = tensors["weight_global_scale"].numbers()[0]
    return [f32(divided(scale, divisor)) for scale in scales]


def decode(tensors, facts):
    packed = tensors["weight" if facts["format"] == "modelopt" else "weight_packed"].bits
    scales = block_scales(tensors, facts)
    return [f32(E2M1[code] * scales[i // BLOCK]) for i, code in enumerate(nibbles(packed))]


def repack(tensors, facts):
    return {}
