# SPDX-License-Identifier: MIT
"""FP8: a weight of F8_E4M3 [out, in] and scales. Two families of names:

compressed-tensors "float-quantized": weight_scale, BF16, F16 or F32
    [1] or []                             one for the tensor
    [out, 1]                              one for each output ("channel")
    [ceil(out / bh), ceil(in / bw)]       one for each block; bh x bw stands in the configuration (block_structure)
DeepSeek-V3 and what follows it: weight_scale_inv, F32 [ceil(out / 128), ceil(in / 128)]; 128 x 128 is weight_block_size.
    In spite of its name it is multiplied.

    w[j][i] = weight[j][i] * scale

Sources: compressed-tensors ac8e2ba82f4e0d5eaa40069f8fc642738f124cd4, src/compressed_tensors/compressors/naive_quantized/base.py
and quantization/lifecycle/forward_helpers.py; DeepSeek-V3 9b4e9788e4a3a731f7567338ed15d3ec549ce03b, inference/kernel.py
(weight_dequant_kernel) and inference/fp8_cast_bf16.py.
"""

from ieee import f32


def decode(tensors, facts):
    scale = tensors.get("weight_scale") or tensors["weight_scale_inv"]
    high, wide = {"tensor": (facts["out"], facts["in"]), "channel": (1, facts["in"]),
                  "block": facts.get("block")}[facts["strategy"]]
    scales, columns = scale.numbers(), -(-facts["in"] // wide)
    weight = tensors["weight"].number_rows()
    return [f32(weight[j][i] * scales[j // high * columns + i // wide])
            for j in range(facts["out"]) for i in range(facts["in"])]


def repack(tensors, facts):
    return {}
