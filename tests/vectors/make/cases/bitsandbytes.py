# SPDX-License-Identifier: MIT
"""bitsandbytes vectors: NF4 and FP4, simple and double quantized, blocks that span outputs and one that is short; LLM.int8."""

import json

from cases.scales import scale_bits
from ieee import f32, f32_bits, from_f32
from randoms import Random
from tensors import Tensor, f32_tensor

# bitsandbytes/functional.py, get_4bit_type; FP4 is divided by its largest value. A zero of FP4 is positive with either sign bit.
NF4 = [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
       -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
       0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0]
FP4 = [value / 12 for value in (0, 0.0625, 8, 12, 4, 6, 2, 3, 0, -0.0625, -8, -12, -4, -6, -2, -3)]
LEVELS = {"nf4": [f32(value) for value in NF4], "fp4": [f32(value) for value in FP4]}


def four_bits(name, quant_type, inputs, outputs, blocksize, double=False, note=None):
    random = Random(name)
    facts = {"layout": "bitsandbytes", "quant_type": quant_type, "in": inputs, "out": outputs, "blocksize": blocksize,
             "double_quantized": double}
    if note:
        facts["note"] = note
    count = inputs * outputs
    blocks = -(-count // blocksize)
    state = {"quant_type": quant_type, "blocksize": blocksize, "dtype": "bfloat16", "shape": [outputs, inputs]}
    tensors = {"weight": Tensor("U8", (-(-count // 2), 1), [random.bits(8) for _ in range(-(-count // 2))]),
               "weight.quant_map": f32_tensor((16,), LEVELS[quant_type])}
    if double:
        outer = -(-blocks // 256)
        # Sorted random levels from -1 to 1, as bitsandbytes's own dynamic map is, and an offset that is no short binary fraction.
        levels = sorted(f32((random.bits(24) - (1 << 23)) / (1 << 23)) for _ in range(254))
        offset = from_f32(0x3D5A3C71)
        state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": offset}
        tensors |= {"weight.absmax": Tensor("U8", (blocks,), [random.bits(8) for _ in range(blocks)]),
                    "weight.nested_quant_map": f32_tensor((256,), [-1.0] + levels + [1.0]),
                    "weight.nested_absmax": Tensor("F32", (outer,), scale_bits(random, "F32", outer, edges=False))}
    else:
        tensors["weight.absmax"] = Tensor("F32", (blocks,), scale_bits(random, "F32", blocks))
    blob = json.dumps(state).encode()
    tensors[f"weight.quant_state.bitsandbytes__{quant_type}"] = Tensor("U8", (len(blob),), list(blob))
    return name, facts, tensors


def int8(name, inputs, outputs, note=None):
    random = Random(name)
    facts = {"layout": "bitsandbytes", "quant_type": "int8", "in": inputs, "out": outputs}
    if note:
        facts["note"] = note
    return name, facts, {"weight": Tensor.of_rows("I8", random.matrix(outputs, inputs, 8)),
                         "SCB": Tensor("F32", (outputs,), scale_bits(random, "F32", outputs)),
                         "weight_format": Tensor("U8", (), [0])}


def cases():
    yield four_bits("bnb-nf4-64", "nf4", 96, 40, 64, note="blocks span the ends of rows")
    yield four_bits("bnb-fp4-64", "fp4", 96, 40, 64)
    yield four_bits("bnb-nf4-32-short", "nf4", 35, 33, 32, note="1155 values: the last byte is half used, the last block short")
    yield four_bits("bnb-nf4-64-double", "nf4", 192, 64, 64, double=True)
    yield four_bits("bnb-fp4-32-double", "fp4", 136, 100, 32, double=True, note="425 blocks: two outer blocks, the second short")
    yield int8("bnb-int8", 72, 40)
