# SPDX-License-Identifier: MIT
#
# differences.py OURS THEIRS: one line for each thing in which two GGUF files differ: metadata, tensors, their types and bytes.
import sys

from gguf_files import GgufFile

def first_difference(ours, theirs):
    return next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))


def main(our_path, their_path):
    ours, theirs = GgufFile(our_path), GgufFile(their_path)
    for key in ours.metadata.keys() | theirs.metadata.keys():
        if ours.metadata.get(key) != theirs.metadata.get(key):
            print(f"metadata {key}: found {ours.metadata.get(key)}, expected {theirs.metadata.get(key)}"[:200])
    if list(ours.metadata) != list(theirs.metadata) and ours.metadata.keys() == theirs.metadata.keys():
        print("metadata: the keys come in another order")
    if list(ours.tensors) != list(theirs.tensors):
        print(f"tensors: found {len(ours.tensors)}, expected {len(theirs.tensors)}, or in another order")
    for name in theirs.tensors:
        if name not in ours.tensors:
            continue
        our_shape, our_type, *_ = ours.tensors[name]
        their_shape, their_type, *_ = theirs.tensors[name]
        if (our_shape, our_type) != (their_shape, their_type):
            print(f"{name}: found type {our_type} {our_shape}, expected type {their_type} {their_shape}")
        elif (our_bytes := ours.bytes_of(name)) != (their_bytes := theirs.bytes_of(name)):
            place = first_difference(our_bytes, their_bytes)
            different = sum(a != b for a, b in zip(our_bytes, their_bytes))
            print(f"{name}: {different} of {len(their_bytes)} bytes of type {their_type} differ, the first at {place}")


main(sys.argv[1], sys.argv[2])
