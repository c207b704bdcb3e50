#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts the vectors named autogptq-* out of the GPTQ checkpoints made for this project: 32 outputs of one module of each."""

import argparse
import pathlib

import checkpoints
import vectors
from ieee import f32_bits

FIRST, COUNT = 32, 32
MODULES = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=pathlib.Path, help="the folder of gptq_b*")
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=vectors.FOLDER)
    options = parser.parse_args()
    for checkpoint, wanted in zip(sorted(options.models.glob("gptq_b*")), MODULES, strict=True):
        for module, facts, tensors, rows in checkpoints.modules(checkpoint):
            if module != wanted:
                continue
            facts, tensors, rows = checkpoints.cut(facts, tensors, rows, FIRST, COUNT)
            facts["note"] = f"outputs {FIRST} to {FIRST + COUNT - 1} of layer 0's {module}; expected is what AutoGPTQ multiplied with"
            decoded = [f32_bits(value) for value in vectors.decode(tensors, facts)]
            assert decoded == [bits for row in rows for bits in row]
            vectors.write(options.folder, "autogptq-" + checkpoint.name.removeprefix("gptq_").replace("_", "-"), facts, tensors)
    vectors.write_manifest(options.folder)


if __name__ == "__main__":
    main()
