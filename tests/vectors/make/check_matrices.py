#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the vectors: they decode to what they hold, what was unpacked packs to the same words, and making them anew gives the
same bytes. With --models, also that every decoded module of the GPTQ checkpoints comes out bit for bit."""

import argparse
import pathlib
import tempfile

import checkpoints
import fields
import make_matrices
import vectors
from ieee import f32_bits
from layouts import awq, gptq
from randoms import Random
from tensors import Tensor


def bits_of(values):
    return [f32_bits(value) for value in values]


def check_files(folder):
    names = {path.name for path in vectors.files(folder)}
    for path in vectors.files(folder):
        facts, tensors, expected = vectors.read(path)
        assert bits_of(vectors.decode(tensors, facts)) == expected.bits, f"{path.name}: decodes to something else"
        for name, tensor in vectors.LAYOUTS[facts["layout"]].repack(tensors, facts).items():
            assert tensor == tensors[name], f"{path.name}: {name} packs to something else"
        assert path.stat().st_size <= 1 << 16, f"{path.name}: {path.stat().st_size} bytes, more than 64 KiB"
    return len(names)


def check_made_anew(folder):
    with tempfile.TemporaryDirectory() as name:
        anew = pathlib.Path(name)
        for case, facts, tensors in make_matrices.made():
            vectors.write(anew, case, facts, tensors)
        for path in vectors.files(anew):
            assert path.read_bytes() == (folder / path.name).read_bytes(), f"{path.name}: made anew, it differs"
        return len(vectors.files(anew))


def check_packing(rounds=200):
    """Random shapes: what was packed unpacks to the same values, and random words survive the way back."""
    random = Random("packing")
    for _ in range(rounds):
        bits, count = 1 + random.below(8), 1 + random.below(100)
        values = [random.bits(bits) for _ in range(count)]
        for pack, unpack in ((fields.pack_dense, fields.unpack_dense), (fields.pack_padded, fields.unpack_padded)):
            assert unpack(pack(values, bits), bits, count) == values
        bits, inputs, outputs = random.pick([2, 3, 4, 8]), 32 * (1 + random.below(3)), 32 * (1 + random.below(3))
        facts = {"bits": bits, "in": inputs, "out": outputs}
        words = {"qweight": Tensor.of_rows("I32", random.matrix(inputs * bits // 32, outputs, 32)),
                 "qzeros": Tensor.of_rows("I32", random.matrix(2, outputs * bits // 32, 32))}
        assert gptq.repack(words, facts) == words
        codes = random.matrix(4 * (1 + random.below(4)), 64 * (1 + random.below(3)), 4)
        facts = {"version": "gemv_fast", "in": len(codes[0]), "out": len(codes)}
        assert awq.unpack(awq.pack_gemv_fast(codes), facts)[0] == codes
    return rounds


def check_checkpoints(models):
    count = 0
    for checkpoint in sorted(models.glob("gptq_b*")):
        for module, facts, tensors, rows in checkpoints.modules(checkpoint):
            assert bits_of(vectors.decode(tensors, facts)) == [bits for row in rows for bits in row], f"{checkpoint.name}: {module}"
            count += facts["in"] * facts["out"]
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=pathlib.Path, help="the folder of gptq_b*")
    options = parser.parse_args()
    print(f"{check_files(vectors.FOLDER)} vectors decode to what they hold and pack to the same words")
    print(f"{check_made_anew(vectors.FOLDER)} of them made anew are the same bytes")
    print(f"{check_packing()} rounds of packing and unpacking random values")
    if options.models:
        print(f"{check_checkpoints(options.models)} weights of GPTQ checkpoints equal AutoGPTQ's")


if __name__ == "__main__":
    main()
