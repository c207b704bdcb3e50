#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Decodes a tensor of a GGUF file to float32 through the C interface of Quant.Net.

With numpy the result is an array of its shape, else a plain array of floats. --compare decodes it with gguf-py too (pip install
gguf) and compares bits and speed; the exit code is 1 if the bits differ.
"""

import argparse
import array
import ctypes
import sys
import time

import quantnet
from gguf_file import GgufError, GgufFile

try:
    import numpy
except ImportError:
    numpy = None


def packed_size(tensor, info):
    if tensor.dims and tensor.dims[0] % info.values_per_block:
        raise GgufError(f"a row of {tensor.dims[0]} weights is not a whole number of blocks of {info.values_per_block}")
    return tensor.value_count // info.values_per_block * info.bytes_per_block


def decode(device, model, tensor):
    """The weights of a tensor, without a copy of the packed ones."""
    size = packed_size(tensor, quantnet.format_info(tensor.type))
    if tensor.offset + size > len(model.map):
        raise GgufError(f"the tensor ends at byte {tensor.offset + size}, but the file has {len(model.map)}")
    source = ctypes.addressof(ctypes.c_char.from_buffer(model.map, tensor.offset)) if size else None
    if numpy:
        weights = numpy.empty(tuple(reversed(tensor.dims)), numpy.float32)
        address = weights.ctypes.data
    else:
        weights = array.array("f", bytes(4 * tensor.value_count))
        address = weights.buffer_info()[0]
    device.dequantize(tensor.type, source, size, address, 4 * tensor.value_count)
    return weights


def best_time(work):
    """Seconds of the fastest of some runs, and what the last one returned."""
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - started)
    return best, result


def compare(device, model, tensor):
    """Says how gguf-py's decoder compares; true if every bit is the same."""
    try:
        import gguf  # pylint: disable=import-outside-toplevel
    except ImportError as e:
        raise quantnet.Error(f"--compare needs numpy and gguf-py: {e}") from e

    size = packed_size(tensor, quantnet.format_info(tensor.type))
    packed = numpy.frombuffer(model.map, numpy.uint8, size, tensor.offset).reshape(*reversed(tensor.dims[1:]), -1)
    number = gguf.GGMLQuantizationType(tensor.type)
    their_time, theirs = best_time(lambda: gguf.quants.dequantize(packed, number))
    our_time, ours = best_time(lambda: decode(device, model, tensor))
    different = int((ours.view(numpy.uint32) != theirs.view(numpy.uint32)).sum())
    for name, seconds in (("gguf-py", their_time), ("quantnet", our_time)):
        print(f"{name:8} {seconds * 1e3:9.3f} ms {tensor.value_count / seconds / 1e6:10.1f} million weights a second")
    print(f"{different} of {tensor.value_count} weights differ; {their_time / our_time:.1f} times as fast")
    return different == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("tensor", help="the name of a tensor")
    parser.add_argument("-o", "--output", help="write all weights to this file, as raw floats")
    parser.add_argument("--compare", action="store_true", help="decode with gguf-py too; needs numpy and gguf")
    arguments = parser.parse_args()

    model = GgufFile(arguments.model)
    tensor = model.tensors.get(arguments.tensor)
    if tensor is None:
        raise GgufError(f"{arguments.model}: there is no tensor '{arguments.tensor}'")
    info = quantnet.format_info(tensor.type)
    print(f"{arguments.tensor}: {info.name.decode()}, {' x '.join(map(str, tensor.dims))}")
    print(info.formula.decode())
    with quantnet.Device("auto") as device:
        weights = decode(device, model, tensor)
        first = weights.ravel()[:4] if numpy else weights[:4]
        print(", ".join(f"{weight:.9g}" for weight in first) + ", ...")
        print(f"{tensor.value_count} weights by {quantnet.last_kernel()} on {device.description}")
        if arguments.output:
            with open(arguments.output, "wb") as file:
                file.write(weights.tobytes())
        return 0 if not arguments.compare or compare(device, model, tensor) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (GgufError, quantnet.Error, OSError) as e:
        sys.exit(f"decode_tensor.py: {e}")
