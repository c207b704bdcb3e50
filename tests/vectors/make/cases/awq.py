# SPDX-License-Identifier: MIT
"""AWQ vectors: the three layouts, with the padding that gemv has for groups of 32, 64 and 128."""

from cases.scales import scale_bits
from ieee import f16_bits, from_f16
from layouts import awq
from randoms import Random
from tensors import Tensor


def facts_of(version, inputs, outputs, group_size):
    return {"layout": "awq", "version": version, "in": inputs, "out": outputs, "bits": 4, "group_size": group_size}


def gemm(name, inputs, outputs, group_size, scales="F16"):
    random, facts = Random(name), facts_of("gemm", inputs, outputs, group_size)
    groups = inputs // awq.group_size(facts)
    tensors = awq.pack_gemm(random.matrix(inputs, outputs, 4), random.matrix(groups, outputs, 4))
    tensors["scales"] = Tensor(scales, (groups, outputs), scale_bits(random, scales, groups * outputs))
    return name, facts, tensors


def gemv_scales(random, outputs, groups, width):
    rows = [scale_bits(random, "F16", groups) + [0] * (8 * width - groups) for _ in range(outputs)]
    return Tensor.of_rows("F16", rows)


def gemv(name, inputs, outputs, group_size):
    random, facts = Random(name), facts_of("gemv", inputs, outputs, group_size)
    size = awq.group_size(facts)
    groups, width = inputs // size, awq.padded_width(inputs, size)
    tensors = awq.pack_gemv(random.matrix(outputs, inputs, 4), random.matrix(outputs, groups, 4), width)
    tensors["scales"] = gemv_scales(random, outputs, groups, width)
    return name, facts, tensors


def gemv_fast(name, inputs, outputs, group_size):
    random, facts = Random(name), facts_of("gemv_fast", inputs, outputs, group_size)
    groups, width = inputs // group_size, awq.padded_width(inputs, group_size)
    tensors = awq.pack_gemv_fast(random.matrix(outputs, inputs, 4))
    scales = scale_bits(random, "F16", groups * outputs, edges=False)
    shifts = [f16_bits(-from_f16(scale) * random.bits(4)) for scale in scales]
    padding = [0] * ((8 * width - groups) * outputs)
    tensors["scales"] = Tensor("F16", (8 * width, outputs), scales + padding)
    tensors["qzeros"] = Tensor("F16", (8 * width, outputs), shifts + padding)
    return name, facts, tensors


def cases():
    yield gemm("awq-gemm-g32", 96, 64, 32)
    yield gemm("awq-gemm-g128", 256, 40, 128)
    yield gemm("awq-gemm-whole", 72, 32, -1)
    yield gemm("awq-gemm-g24-bf16", 72, 48, 24, scales="BF16")
    yield gemv("awq-gemv-g128", 256, 40, 128)
    yield gemv("awq-gemv-g64", 192, 32, 64)
    yield gemv("awq-gemv-g32", 320, 32, 32)
    yield gemv("awq-gemv-whole", 160, 24, -1)
    yield gemv_fast("awq-gemv_fast-g128", 256, 40, 128)
    yield gemv_fast("awq-gemv_fast-g64", 192, 32, 64)
