# SPDX-License-Identifier: MIT
#
# read.py MODEL INSPECTED [FILE]: what gguf-py finds in a file, against `quantnet inspect --json --all`; prints what differs.
# Of a split model it reads one file, FILE counted from 0; the metadata is that of the first.
import json
import sys

import gguf
import numpy

model, inspected = sys.argv[1:3]
part = int(sys.argv[3]) if len(sys.argv) > 3 else 0
theirs = gguf.GGUFReader(model)
with open(inspected, encoding="utf-8") as file:
    ours = json.load(file)


def check(what, found, expected):
    if found != expected:
        print(f"{what}: found {found}, expected {expected}"[:300])


def single(kind, value):
    if kind != "float32":
        return value
    return numpy.asarray(value, dtype=numpy.float32).tolist()


metadata = ours["metadata"] if part == 0 else []
fields = {key: field for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
if part == 0:
    check("keys", list(fields), [entry["key"] for entry in metadata])
for entry in metadata:
    key = entry["key"]
    if key not in fields:
        continue
    kinds = [kind.name.lower().replace("bool", "boolean") for kind in fields[key].types]
    check(f"{key}, type", kinds, [entry["type"]] + ([entry["elementType"]] if entry["type"] == "array" else []))
    check(key, single(kinds[-1], fields[key].contents()), single(kinds[-1], entry["value"]))

tensors = [tensor for tensor in ours["tensors"] if tensor["file"] == part]
check("tensors", len(theirs.tensors), len(tensors))
for tensor, expected in zip(theirs.tensors, tensors):
    found = [tensor.name, tensor.tensor_type.name, tensor.shape.tolist(), int(tensor.data_offset), int(tensor.n_bytes)]
    check(tensor.name, found, [expected[key] for key in ("name", "type", "shape", "offset", "bytes")])
