# SPDX-License-Identifier: MIT
"""GPTQ vectors: all widths, both ways to store zeros, groups of odd sizes, act-order, the types of scales."""

from cases.scales import scale_bits
from layouts import gptq
from randoms import Random
from tensors import Tensor


def case(name, bits, inputs, outputs, group_size, scales="F16", g_idx="in order", checkpoint_format="gptq_v2", zero_wrap=False,
         zeros="random", edges=True, poison=(), note=None):
    # The two readings of the same zeros are of the same tensors.
    random = Random(name.removesuffix("-wrapped"))
    facts = {"layout": "gptq", "in": inputs, "out": outputs, "bits": bits, "group_size": group_size,
             "checkpoint_format": checkpoint_format, "zero_wrap": zero_wrap, "act_order": g_idx == "shuffled"}
    if note:
        facts["note"] = note
    groups = -(-inputs // gptq.group_size(facts))
    ones = (1 << bits) - 1
    # Stored zeros of all ones have cases of their own: readers disagree about them.
    stored = {"random": lambda: random.below(ones), "symmetric": lambda: ones >> 1, "with all ones": lambda: random.bits(bits)}[zeros]
    codes = random.matrix(inputs, outputs, bits)
    stored_zeros = [[stored() for _ in range(outputs)] for _ in range(groups)]
    if zeros == "with all ones" and not any(ones in group for group in stored_zeros):
        # Chance makes none of so few zeros of 8 bits: one at either end, and two neighbours in a word.
        for group, output in ((0, 0), (0, 5), (0, 6), (-1, -1)):
            stored_zeros[group][output] = ones
    tensors = gptq.pack(codes, stored_zeros, bits)
    tensors["scales"] = Tensor(scales, (groups, outputs), scale_bits(random, scales, groups * outputs, edges))
    for place, value in poison:
        tensors["scales"].bits[place] = value
    order = gptq.groups_in_order(facts)
    index = {"in order": order, "shuffled": random.shuffled(order), "zeros": [0] * inputs, "absent": None}[g_idx]
    if index is not None:
        tensors["g_idx"] = Tensor("I32", (inputs,), index)
    return name, facts, tensors


def cases():
    for bits in (2, 3, 4, 8):
        yield case(f"gptq-b{bits}-g32-v1-act", bits, 96, 64, 32, g_idx="shuffled", checkpoint_format="gptq")
        yield case(f"gptq-b{bits}-g32-v2", bits, 96, 64, 32)
        yield case(f"gptq-b{bits}-g40-bf16-act", bits, 160, 32, 40, scales="BF16", g_idx="shuffled")
        yield case(f"gptq-b{bits}-whole-f32", bits, 96, 64, -1, scales="F32", g_idx="absent", checkpoint_format="gptq")
        yield case(f"gptq-b{bits}-g32-ones", bits, 64, 32, 32, zeros="with all ones", checkpoint_format="gptq",
                   note="stored zeros of all ones, read as 2^bits")
        yield case(f"gptq-b{bits}-g32-ones-wrapped", bits, 64, 32, 32, zeros="with all ones", checkpoint_format="gptq",
                   zero_wrap=True, note="stored zeros of all ones, read as 0; nothing is carried into the next field")
    yield case("gptq-b4-g64-short", 4, 96, 64, 64, note="the last group has 32 of 64 inputs")
    yield case("gptq-b3-g64-short-act", 3, 160, 32, 64, g_idx="shuffled", note="the last group has 32 of 64 inputs")
    yield case("gptq-b4-g32-no-g_idx", 4, 64, 72, 32, g_idx="absent", note="72 outputs: whole words, but no multiple of 32")
    yield case("gptq-b4-g32-zero-g_idx", 4, 96, 40, 32, g_idx="zeros", checkpoint_format="gptq",
               note="a g_idx of zeros with several groups means in order")
    yield case("gptq-b4-whole-zero-g_idx", 4, 64, 32, -1, g_idx="zeros")
    yield case("gptq-b8-g24-v1", 8, 72, 36, 24, checkpoint_format="gptq", note="neither size a multiple of 32")
    yield case("gptq-b2-g48-v1-act", 2, 144, 48, 48, g_idx="shuffled", checkpoint_format="gptq")
    yield case("gptq-b4-g128-sym", 4, 256, 32, 128, zeros="symmetric", checkpoint_format="gptq", edges=False)
    yield case("gptq-b4-g1", 4, 32, 32, 1, scales="F32", note="a scale for each input")
    yield case("gptq-b4-g32-poison", 4, 64, 32, 32, poison=[(0, 0x7C00), (1, 0xFC00), (2, 0x7E00)],
               note="scales that are infinite and NaN; NaNs are equal whatever their bits")
