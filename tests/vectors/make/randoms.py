# SPDX-License-Identifier: MIT
"""Random numbers that every version of Python makes alike: xorshift64* (Vigna, "An experimental exploration of Marsaglia's
xorshift generators, scrambled", 2016)."""

MASK = (1 << 64) - 1


class Random:
    def __init__(self, seed):
        # FNV-1a, so that each case has a seed of its own, made of its name.
        self.state = 0xCBF29CE484222325
        for byte in seed.encode():
            self.state = (self.state ^ byte) * 0x100000001B3 & MASK

    def bits(self, count):
        """An integer of that many bits, at most 32."""
        s = self.state
        s ^= s >> 12
        s ^= s << 25 & MASK
        s ^= s >> 27
        self.state = s
        return (s * 0x2545F4914F6CDD1D & MASK) >> (64 - count)

    def below(self, limit):
        return self.bits(32) * limit >> 32

    def pick(self, items):
        return items[self.below(len(items))]

    def matrix(self, rows, columns, bits):
        return [[self.bits(bits) for _ in range(columns)] for _ in range(rows)]

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items
