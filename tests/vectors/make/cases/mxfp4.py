# SPDX-License-Identifier: MIT
"""MXFP4 vectors: experts as in gpt-oss, a matrix as in compressed-tensors, and every scale."""

from layouts import mxfp4
from randoms import Random
from tensors import Tensor


def case(name, form, inputs, outputs, experts=None, scales="usual", note=None):
    random = Random(name)
    facts = {"layout": "mxfp4", "format": form, "in": inputs, "out": outputs}
    if experts:
        facts["experts"] = experts
    if note:
        facts["note"] = note
    blocks = (experts or 1) * outputs * inputs // mxfp4.BLOCK
    prefix, groups = (experts,) if experts else (), inputs // mxfp4.BLOCK
    code = mxfp4.pack_nibbles([random.bits(4) for _ in range(blocks * mxfp4.BLOCK)])
    scale = [i % 256 for i in range(blocks)] if scales == "all" else [118 + random.below(8) for _ in range(blocks)]
    packed_shape = prefix + ((outputs, groups, 16) if form == "gpt-oss" else (outputs, inputs // 2))
    packed, scale_name = mxfp4.names(facts)
    return name, facts, {packed: Tensor("U8", packed_shape, code), scale_name: Tensor("U8", prefix + (outputs, groups), scale)}


def cases():
    yield case("mxfp4-gpt-oss", "gpt-oss", 96, 20, experts=3)
    yield case("mxfp4-gpt-oss-all-scales", "gpt-oss", 128, 32, experts=2, scales="all",
               note="each scale once: 0 makes subnormals, above 252 overflows, 255 is infinite (0 becomes NaN)")
    yield case("mxfp4-ct", "mxfp4-pack-quantized", 96, 40)
