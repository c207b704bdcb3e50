# SPDX-License-Identifier: MIT
"""GPTQ checkpoints with the matrices that AutoGPTQ multiplied with: NAME/model.safetensors, quantize_config.json and
layer0_decoded/, float32 [in, out] for each module of the first layer."""

import array
import json
import sys

import fields
import tensors as safetensors

PARTS = ["qweight", "qzeros", "scales", "g_idx"]


def modules(checkpoint):
    """For each decoded module: its name, facts, tensors and float32 bits [out][in]."""
    config = json.loads((checkpoint / "quantize_config.json").read_text())
    index = json.loads((checkpoint / "layer0_decoded" / "index.json").read_text())
    for module, entry in index.items():
        prefix = f"model.layers.0.{module}."
        stored, _ = safetensors.read(checkpoint / "model.safetensors", lambda name: name.startswith(prefix))
        parts = {name.removeprefix(prefix): tensor for name, tensor in stored.items()}
        inputs, outputs = entry["shape_in_out"]
        facts = {"layout": "gptq", "in": inputs, "out": outputs, "bits": config["bits"], "group_size": config["group_size"],
                 "checkpoint_format": config["checkpoint_format"], "zero_wrap": False, "act_order": config["desc_act"]}
        decoded = array.array("I", (checkpoint / "layer0_decoded" / entry["file"]).read_bytes())
        assert sys.byteorder == "little" and len(decoded) == inputs * outputs
        rows = fields.transpose([decoded[i * outputs:(i + 1) * outputs] for i in range(inputs)])
        yield module, facts, {part: parts[part] for part in PARTS if part in parts}, rows


def cut_columns(tensor, first, count):
    return safetensors.Tensor.of_rows(tensor.dtype, [row[first:first + count] for row in tensor.rows()])


def cut(facts, tensors, rows, first, count):
    """Outputs first to first + count; multiples of 32, so that words stay whole for every width."""
    assert first % 32 == 0 and count % 32 == 0
    words = facts["bits"]
    parts = {"qweight": cut_columns(tensors["qweight"], first, count), "scales": cut_columns(tensors["scales"], first, count),
             "qzeros": cut_columns(tensors["qzeros"], first // 32 * words, count // 32 * words)}
    if "g_idx" in tensors:
        parts["g_idx"] = tensors["g_idx"]
    return facts | {"out": count}, parts, rows[first:first + count]
