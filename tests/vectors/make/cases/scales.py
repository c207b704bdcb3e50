# SPDX-License-Identifier: MIT
"""Random scales as bits: mostly of the size that quantizers make, and a few at the edges of their type."""

# Smallest and largest subnormal, smallest normal, largest, zero, a negative one.
EDGES = {
    "F16": [0x0001, 0x03FF, 0x0400, 0x7BFF, 0x0000, 0x9C66],
    "BF16": [0x0001, 0x007F, 0x0080, 0x7F7F, 0x0000, 0xBC12],
    "F32": [0x00000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x00000000, 0xBC123457],
    "F8_E4M3": [0x01, 0x07, 0x08, 0x7E, 0x00, 0x9B],
}

# Sign and exponent of 2^-9 to 2^-4 (E4M3: 1 to 256), and the random bits below them.
USUAL = {"F16": (6, 11, 10), "BF16": (118, 123, 7), "F32": (118, 123, 23), "F8_E4M3": (7, 14, 3)}


def scale_bits(random, dtype, count, edges=True):
    lowest, highest, mantissa = USUAL[dtype]

    def usual():
        return lowest + random.below(highest - lowest + 1) << mantissa | random.bits(mantissa)
    result = [usual() for _ in range(count)]
    if edges:
        # At most one in four, so that most of a case is what files have.
        for place, edge in zip(random.shuffled(range(count))[:count // 4], random.shuffled(EDGES[dtype])):
            result[place] = edge
    return result
