#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes artifacts/gpu-kit from what `./build.sh build` has left: everything that run.sh needs on a machine with a GPU, which
# needs neither a compiler nor .NET nor a network.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source scripts/dotnet.sh
kit=artifacts/gpu-kit
most_megabytes=60
# Before anything is built: a source that changes meanwhile is not in the kit.
tree=$(tests/gpu/tree-hash.sh)

cmake -S tests/gpu -B artifacts/cmake/gpu -G Ninja -DCMAKE_PREFIX_PATH="$PWD/artifacts/native"
cmake --build artifacts/cmake/gpu
# Compressed: the library is in it once more.
dotnet_release publish src/Quant.Net.Tool -p:QuantNetSingleFile=true -p:EnableCompressionInSingleFile=true -o artifacts/gpu-kit-tool

rm -rf "$kit"
mkdir -p "$kit/images"
cp artifacts/native/lib/libquantnet.so artifacts/cmake/gpu/gpu-tests artifacts/cmake/gpu/gpu-bench artifacts/gpu-kit-tool/quantnet "$kit/"
cp tests/gpu/run.sh "$kit/"
cp -r tests/vectors "$kit/vectors"
rm -r "$kit/vectors"/{matrices,make}  # the tests of a GPU have none of these
cp samples/models/stories260K-Q4_K_M.gguf "$kit/model.gguf"
cp -r samples/models/wide-GPTQ-4bit "$kit/gptq"
cp artifacts/cmake/release/images/*.ptx "$kit/images/"
gzip -9n "$kit"/images/*.ptx
echo "$tree" >"$kit/TREE"
(cd "$kit" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS)

megabytes=$(du -sm "$kit" | cut -f1)
if ((megabytes >= most_megabytes)); then
  echo "make-kit.sh: $kit has $megabytes MB, expected less than $most_megabytes" >&2
  exit 1
fi
echo "$kit: $megabytes MB, tree ${tree:0:12}"
