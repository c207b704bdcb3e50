# SPDX-License-Identifier: MIT
#
# make_models.py FOLDER [MODEL]: writes models of random weights for llama-quantize, and an importance matrix for each; or only that
# for another model.
#   deep.gguf   16 layers, four heads of queries to one of keys: what recipes decide by layer and by such groups
#   moe.gguf    8 experts, whose matrices are tensors of three dimensions
#   narrow.gguf rows of 96 and 160 values, which are no whole blocks of 256
#   *.imatrix.gguf
import array
import random
import sys
from pathlib import Path

from gguf_files import FLOAT32, STRING, UINT32, GgufFile, write_gguf


def model(layers, width, hidden, heads, kv_heads, experts=0, vocabulary=256):
    kv_width = width // heads * kv_heads
    shapes = [("token_embd.weight", (width, vocabulary)), ("output_norm.weight", (width,)), ("output.weight", (width, vocabulary))]
    for i in range(layers):
        shapes += [
            (f"blk.{i}.attn_norm.weight", (width,)),
            (f"blk.{i}.attn_q.weight", (width, width)),
            (f"blk.{i}.attn_k.weight", (width, kv_width)),
            (f"blk.{i}.attn_v.weight", (width, kv_width)),
            (f"blk.{i}.attn_output.weight", (width, width)),
            (f"blk.{i}.ffn_norm.weight", (width,)),
        ]
        if experts:
            shapes += [
                (f"blk.{i}.ffn_gate_inp.weight", (width, experts)),
                (f"blk.{i}.ffn_gate_exps.weight", (width, hidden, experts)),
                (f"blk.{i}.ffn_up_exps.weight", (width, hidden, experts)),
                (f"blk.{i}.ffn_down_exps.weight", (hidden, width, experts)),
            ]
        else:
            shapes += [
                (f"blk.{i}.ffn_gate.weight", (width, hidden)),
                (f"blk.{i}.ffn_up.weight", (width, hidden)),
                (f"blk.{i}.ffn_down.weight", (hidden, width)),
            ]
    metadata = [
        ("general.architecture", STRING, "llama"),
        ("general.name", STRING, f"random {layers}x{width}"),
        ("general.file_type", UINT32, 0),
        ("llama.block_count", UINT32, layers),
        ("llama.context_length", UINT32, 128),
        ("llama.embedding_length", UINT32, width),
        ("llama.feed_forward_length", UINT32, hidden),
        ("llama.attention.head_count", UINT32, heads),
        ("llama.attention.head_count_kv", UINT32, kv_heads),
        ("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
        ("llama.vocab_size", UINT32, vocabulary),
        ("tokenizer.ggml.model", STRING, "llama"),
        ("tokenizer.ggml.tokens", STRING, [f"t{i}" for i in range(vocabulary)]),
    ]
    if experts:
        metadata += [("llama.expert_count", UINT32, experts), ("llama.expert_used_count", UINT32, 2)]
    return metadata, shapes


def count(dimensions):
    product = 1
    for one in dimensions:
        product *= one
    return product


def weights(generator, dimensions):
    if len(dimensions) == 1:
        return array.array("f", (1 + generator.gauss(0, 0.1) for _ in range(dimensions[0])))
    # Rows differ in size, as trained ones do, and a few values stand out.
    numbers = array.array("f")
    for _ in range(count(dimensions[1:])):
        scale = 0.02 * generator.lognormvariate(0, 0.3)
        numbers.extend(generator.gauss(0, scale) for _ in range(dimensions[0]))
        numbers[-1 - generator.randrange(dimensions[0])] *= 8
    return numbers


def importance(generator, shapes):
    """Sums of squared activations, as llama-imatrix writes them: a row for each expert, and how many tokens it saw."""
    tensors = []
    for name, dimensions in shapes:
        if not name.startswith("blk.") or len(dimensions) == 1 or "gate_inp" in name:
            continue
        experts = dimensions[2] if len(dimensions) == 3 else 1
        tokens = [512.0 + 64 * i for i in range(experts)]
        sums = array.array("f")
        for i in range(experts):
            sums.extend(tokens[i] * (0.05 + 20 * generator.random() ** 4) for _ in range(dimensions[0]))
        tensors.append((name + ".in_sum2", (dimensions[0], experts), sums))
        tensors.append((name + ".counts", (1, experts), array.array("f", tokens)))
    metadata = [
        ("general.type", STRING, "imatrix"),
        ("imatrix.datasets", STRING, ["random.txt"]),
        ("imatrix.chunk_count", UINT32, 1),
        ("imatrix.chunk_size", UINT32, 512),
    ]
    return metadata, tensors


def make_models(folder):
    models = {
        "deep": model(layers=16, width=256, hidden=256, heads=8, kv_heads=2),
        "moe": model(layers=2, width=256, hidden=256, heads=4, kv_heads=4, experts=8),
        "narrow": model(layers=4, width=96, hidden=160, heads=4, kv_heads=4),
    }
    for seed, (name, (metadata, shapes)) in enumerate(models.items()):
        generator = random.Random(seed)
        tensors = [(tensor, dimensions, weights(generator, dimensions)) for tensor, dimensions in shapes]
        write_gguf(folder / f"{name}.gguf", metadata, tensors)
        write_gguf(folder / f"{name}.imatrix.gguf", *importance(generator, shapes))


def make_importance(folder, path):
    shapes = [(name, dimensions) for name, (dimensions, *_) in GgufFile(path).tensors.items()]
    write_gguf(folder / f"{path.stem}.imatrix.gguf", *importance(random.Random(len(shapes)), shapes))


if len(sys.argv) == 2:
    make_models(Path(sys.argv[1]))
else:
    make_importance(Path(sys.argv[1]), Path(sys.argv[2]))
