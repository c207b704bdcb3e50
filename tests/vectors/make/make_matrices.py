#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the vectors of ../matrices that are made of random numbers; those cut out of checkpoints stay as they are."""

import argparse
import pathlib

import cases.awq
import cases.bitsandbytes
import cases.compressed_tensors
import cases.fp8
import cases.gptq
import cases.mxfp4
import cases.nvfp4
import vectors

FAMILIES = [cases.gptq, cases.awq, cases.compressed_tensors, cases.fp8, cases.mxfp4, cases.nvfp4, cases.bitsandbytes]


def made():
    for family in FAMILIES:
        yield from family.cases()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=vectors.FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, facts, tensors in made():
        vectors.write(folder, name, facts, tensors)
    vectors.write_manifest(folder)
    print(f"{len(vectors.files(folder))} vectors in {folder}")


if __name__ == "__main__":
    main()
