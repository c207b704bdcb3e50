# SPDX-License-Identifier: MIT
"""bitsandbytes 4 bits (NF4, FP4) and LLM.int8.

4 bits: the matrix [out, in] in row-major order is one row of values in blocks, which do not mind where an output ends.
    weight                                  U8 [ceil(n / 2), 1]; the higher nibble is the earlier value. Other types: the same bytes
    weight.absmax                           F32 [blocks], or U8 [blocks] if double quantized
    weight.quant_map                        F32 [16]
    weight.nested_absmax                    F32 [ceil(blocks / nested_blocksize)]
    weight.nested_quant_map                 F32 [256]
    weight.quant_state.bitsandbytes__nf4    U8, the bytes of a JSON object: quant_type, blocksize, dtype, shape and, if double
                                            quantized, nested_blocksize, nested_dtype, nested_offset (__fp4 for FP4)

    absmax of a block = f32(f32(nested_quant_map[code] * nested_absmax) + nested_offset)
    w = f32(quant_map[code] * absmax)

int8: weight I8 [out, in], SCB F32 [out], weight_format U8 [] = 0 ("row")
    w = f32(f32(weight * SCB) * f32(1 / 127))    two products in this order; no division

Source: bitsandbytes 95f9af309d4d5793847169c39288dcd3fcbdf564, bitsandbytes/functional.py (QuantState, dequantize_4bit),
bitsandbytes/backends/default/ops.py, bitsandbytes/_ops.py (int8_vectorwise_dequant), bitsandbytes/utils.py (pack_dict_to_tensor).
"""

import json

from ieee import f32

ONE_127TH = f32(7.874015718698502e-3)


def quant_state(tensors, facts):
    return json.loads(bytes(tensors[f"weight.quant_state.bitsandbytes__{facts['quant_type']}"].bits))


def absmaxes(tensors, state):
    if "weight.nested_absmax" not in tensors:
        return tensors["weight.absmax"].numbers()
    levels, outer = tensors["weight.nested_quant_map"].numbers(), tensors["weight.nested_absmax"].numbers()
    size, offset = state["nested_blocksize"], f32(state["nested_offset"])
    return [f32(f32(levels[code] * outer[i // size]) + offset) for i, code in enumerate(tensors["weight.absmax"].bits)]


def decode(tensors, facts):
    count = facts["out"] * facts["in"]
    if facts["quant_type"] == "int8":
        return [f32(f32(code * scale) * ONE_127TH)
                for row, scale in zip(tensors["weight"].number_rows(), tensors["SCB"].numbers()) for code in row]
    state = quant_state(tensors, facts)
    levels, absmax = tensors["weight.quant_map"].numbers(), absmaxes(tensors, state)
    codes = [code for byte in tensors["weight"].to_bytes() for code in (byte >> 4, byte & 15)]
    return [f32(levels[code] * absmax[i // state["blocksize"]]) for i, code in enumerate(codes[:count])]


def repack(tensors, facts):
    return {}
