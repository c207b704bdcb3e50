# SPDX-License-Identifier: MIT
"""A vector file: the tensors of one module, "layer", what they decode to, and the facts that a reader needs in the metadata."""

import hashlib
import json
import pathlib

import layouts.awq
import layouts.bitsandbytes
import layouts.compressed_tensors
import layouts.fp8
import layouts.gptq
import layouts.mxfp4
import layouts.nvfp4
import tensors as safetensors

MODULE = "layer."
LAYOUTS = {"gptq": layouts.gptq, "awq": layouts.awq, "compressed-tensors": layouts.compressed_tensors, "fp8": layouts.fp8,
           "mxfp4": layouts.mxfp4, "nvfp4": layouts.nvfp4, "bitsandbytes": layouts.bitsandbytes}
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "matrices"


def decode(tensors, facts):
    return LAYOUTS[facts["layout"]].decode(tensors, facts)


def expected_shape(facts):
    experts = (facts["experts"],) if "experts" in facts else ()
    return experts + (facts["out"], facts["in"])


def write(folder, name, facts, tensors):
    stored = {MODULE + key: tensor for key, tensor in tensors.items()}
    stored["expected"] = safetensors.f32_tensor(expected_shape(facts), decode(tensors, facts))
    safetensors.write(folder / f"{name}.safetensors", stored, {"facts": json.dumps(facts)})


def read(path):
    """Facts, tensors without the module's name, and the expected tensor."""
    stored, metadata = safetensors.read(path)
    expected = stored.pop("expected")
    return json.loads(metadata["facts"]), {key.removeprefix(MODULE): tensor for key, tensor in stored.items()}, expected


def files(folder):
    return sorted(folder.glob("*.safetensors"))


def write_manifest(folder):
    """The facts of all files in one place, for tests that would rather not read metadata."""
    entries = []
    for path in files(folder):
        facts, tensors, _ = read(path)
        shapes = {MODULE + name: [tensor.dtype, *tensor.shape] for name, tensor in sorted(tensors.items())}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append({"file": path.name, "sha256": digest, **facts, "tensors": shapes})
    lines = ",\n".join("    " + json.dumps(entry) for entry in entries)
    made_by = "tests/vectors/make/make_matrices.py"
    (folder / "manifest.json").write_text(f'{{\n  "made_by": "{made_by}",\n  "vectors": [\n{lines}\n  ]\n}}\n')
