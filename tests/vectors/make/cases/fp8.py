# SPDX-License-Identifier: MIT
"""FP8 vectors: every code, scales for the tensor, each output and each block, blocks that stick out at both ends."""

from cases.scales import scale_bits
from randoms import Random
from tensors import Tensor


def case(name, inputs, outputs, strategy, scales, block=None, inverse=False, scalar=False, with_nan=False, edges=True, note=None):
    random = Random(name)
    facts = {"layout": "fp8", "in": inputs, "out": outputs, "strategy": strategy}
    if block:
        facts["block"] = block
    if note:
        facts["note"] = note
    shape = {"tensor": () if scalar else (1,), "channel": (outputs, 1),
             "block": block and (-(-outputs // block[0]), -(-inputs // block[1]))}[strategy]
    count = shape[0] * (shape[1] if len(shape) == 2 else 1) if shape else 1
    codes = [i % 256 for i in range(inputs * outputs)] if with_nan else [random.bits(8) for _ in range(inputs * outputs)]
    if not with_nan:
        codes = [code & 0xF7 if code & 0x7F == 0x7F else code for code in codes]
    tensors = {"weight": Tensor("F8_E4M3", (outputs, inputs), codes),
               "weight_scale_inv" if inverse else "weight_scale": Tensor(scales, shape, scale_bits(random, scales, count, edges))}
    return name, facts, tensors


def cases():
    yield case("fp8-tensor-f32", 64, 48, "tensor", "F32", note="a scale of shape [1]")
    yield case("fp8-scalar-bf16", 64, 48, "tensor", "BF16", scalar=True, note="a scale of shape []")
    yield case("fp8-all-codes", 64, 8, "tensor", "F32", with_nan=True, note="all 256 codes twice; 127 and 255 are NaN")
    yield case("fp8-channel-bf16", 72, 40, "channel", "BF16")
    yield case("fp8-channel-f32", 72, 40, "channel", "F32")
    yield case("fp8-channel-f16", 72, 40, "channel", "F16")
    yield case("fp8-block-f32", 136, 66, "block", "F32", block=[16, 32], note="blocks of 16 x 32; neither size is a multiple")
    yield case("fp8-block128-inv", 200, 64, "block", "F32", block=[128, 128], inverse=True, edges=False)
    yield case("fp8-block128-inv-tall", 40, 300, "block", "F32", block=[128, 128], inverse=True, edges=False)
    yield case("fp8-block128-bf16", 130, 66, "block", "BF16", block=[128, 128], edges=False)
