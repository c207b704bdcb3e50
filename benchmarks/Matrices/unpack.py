# SPDX-License-Identifier: MIT
"""Unpacks a GPTQ matrix of 4 bits the usual way: shifts, a mask, a subtraction, a multiplication.

    unpack.py OUT IN      prints the median of the seconds, and with what it was done
"""
import statistics
import sys
import time

out, columns = int(sys.argv[1]), int(sys.argv[2])
group = 128

try:
    import torch

    name = f"torch {torch.__version__}, {torch.get_num_threads()} threads, f32"
    shifts = torch.arange(0, 32, 4, dtype=torch.int32)
    qweight = torch.randint(-(2**31), 2**31 - 1, (columns // 8, out), dtype=torch.int32)
    qzeros = torch.randint(-(2**31), 2**31 - 1, (columns // group, out // 8), dtype=torch.int32)
    scales = torch.rand(columns // group, out)
    g_idx = torch.arange(columns) // group

    def unpack():
        codes = (qweight.unsqueeze(1) >> shifts.view(1, 8, 1)) & 15
        zeros = ((qzeros.unsqueeze(2) >> shifts.view(1, 1, 8)) & 15).reshape(columns // group, out) + 1
        return (scales[g_idx] * (codes.reshape(columns, out) - zeros[g_idx])).t().contiguous()

except ImportError:
    import numpy

    name = f"numpy {numpy.__version__}, 1 thread, f32"
    random = numpy.random.default_rng(1)
    shifts = numpy.arange(0, 32, 4, dtype=numpy.int32)
    qweight = random.integers(-(2**31), 2**31 - 1, (columns // 8, out), dtype=numpy.int32)
    qzeros = random.integers(-(2**31), 2**31 - 1, (columns // group, out // 8), dtype=numpy.int32)
    scales = random.random((columns // group, out), dtype=numpy.float32)
    g_idx = numpy.arange(columns) // group

    def unpack():
        codes = (qweight[:, None, :] >> shifts[None, :, None]) & 15
        zeros = ((qzeros[:, :, None] >> shifts[None, None, :]) & 15).reshape(columns // group, out) + 1
        difference = (codes.reshape(columns, out) - zeros[g_idx]).astype(numpy.float32)
        return numpy.ascontiguousarray((scales[g_idx] * difference).T)


def seconds():
    start = time.perf_counter()
    unpack()
    return time.perf_counter() - start


seconds()
print(statistics.median(seconds() for _ in range(5)), name)
