# SPDX-License-Identifier: MIT
"""Float formats as bits and as Python floats. A Python float is a double and holds every value of every format here exactly."""

import math
import struct


def f32(value):
    """The float32 nearest to a double, ties to even; too large is infinite.

    Sums, products and quotients of two float32 values may be computed as doubles first: 53 bits are enough that rounding twice
    gives the same as rounding once (2 * 24 + 2 <= 53).
    """
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def f32_bits(value):
    """All NaNs become 0x7FC00000: which one a processor makes of infinity times zero is its own affair."""
    return 0x7FC00000 if math.isnan(value) else struct.unpack("<I", struct.pack("<f", value))[0]


def from_f32(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def from_f16(bits):
    return struct.unpack("<e", struct.pack("<H", bits))[0]


def f16_bits(value):
    """The half nearest to a double, ties to even; too large is infinite."""
    try:
        return struct.unpack("<H", struct.pack("<e", value))[0]
    except OverflowError:
        return 0x7C00 if value > 0 else 0xFC00


def from_bf16(bits):
    return from_f32(bits << 16)


def from_e4m3(bits):
    """OCP FP8 E4M3: bias 7, no infinities, NaN is 0x7F and 0xFF, the largest value 448."""
    exponent, mantissa = bits >> 3 & 15, bits & 7
    if exponent == 15 and mantissa == 7:
        return math.nan
    value = math.ldexp(mantissa, -9) if exponent == 0 else math.ldexp(8 + mantissa, exponent - 10)
    return -value if bits & 0x80 else value


def from_e5m2(bits):
    """OCP FP8 E5M2: the upper byte of a half."""
    return from_f16(bits << 8)


# OCP FP4 E2M1; the upper eight are negative, and code 8 is -0.
E2M1 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]


def from_e8m0(bits):
    """Two to the power of bits - 127. Code 0 is 2^-127, a subnormal float32; 255 is infinite, as 2^128 is in the projects' code.

    The OCP specification calls 255 NaN.
    """
    return math.inf if bits == 255 else math.ldexp(1.0, bits - 127)
