# SPDX-License-Identifier: MIT
"""MXFP4: E2M1 codes in blocks of 32 inputs, an E8M0 scale for each block; the lower nibble is the earlier input.

gpt-oss             NAME_blocks U8 [experts, out, in/32, 16], NAME_scales U8 [experts, out, in/32]
                    transformers turns the decoded [experts, out, in] into [experts, in, out]; gpt-oss itself keeps it.
compressed-tensors  "mxfp4-pack-quantized": weight_packed U8 [out, in/2], weight_scale U8 [out, in/32]

    w = value(code) * 2^(scale - 127)

Exact in float32 and in bfloat16, subnormal results too; scales above 252 can overflow. Scale 255 is 2^128, infinite, in the code of
all three projects, so 0 becomes NaN and the rest infinite; the OCP specification calls the scale itself NaN.

Sources: gpt-oss 7b583341fe16729127f6d5b94a7b09ccae97e1a1, gpt_oss/torch/weights.py; transformers
0189b1d09a03a87ec4f59831acb93cc1832d14e7, src/transformers/integrations/mxfp4.py (convert_moe_packed_tensors);
compressed-tensors ac8e2ba82f4e0d5eaa40069f8fc642738f124cd4, src/compressed_tensors/compressors/{mxfp4/base,mx_utils}.py.
"""

from ieee import E2M1, f32, from_e8m0

BLOCK = 32


def names(facts):
    return ("gate_up_proj_blocks", "gate_up_proj_scales") if facts["format"] == "gpt-oss" else ("weight_packed", "weight_scale")


def nibbles(packed):
    """Two codes of each byte, the lower nibble first."""
    return [code for byte in packed for code in (byte & 15, byte >> 4)]


def pack_nibbles(codes):
    return [codes[i] | codes[i + 1] << 4 for i in range(0, len(codes), 2)]


def decode(tensors, facts):
    packed, scales = (tensors[name].bits for name in names(facts))
    return [f32(E2M1[code] * from_e8m0(scales[i // BLOCK])) for i, code in enumerate(nibbles(packed))]


def repack(tensors, facts):
    return {}
