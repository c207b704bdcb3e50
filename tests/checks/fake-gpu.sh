#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The command line on a GPU, by the driver of the native tests that needs none: what it decodes and encodes there is what it makes
# on the CPU, and what it says when something fails there is one line and exit code 1.
source "$(dirname "$0")/support/common.sh"

fake=$PWD/artifacts/cmake/release/tests/fake_cuda
model=samples/models/stories260K-Q4_K_M.gguf
if [[ ! -e $fake/libcuda.so.1 ]]; then
  skip "fake GPU" "$fake/libcuda.so.1 is not built"
  exit
fi

on_gpu() { # settings of the driver, command...
  FAKE_CUDA="kernels=scalar $1" LD_LIBRARY_PATH=$fake artifacts/quantnet "${@:2}"
}
if [[ $(on_gpu "" doctor --device cuda:0 2>&1) == *"no CUDA kernels"* ]]; then
  skip "fake GPU" "this build has no CUDA kernels"
  exit
fi

same() { # type
  artifacts/quantnet dequantize "$model" -o "$temp/cpu-$1.gguf" --type "$1" --device cpu --quiet
  on_gpu "" dequantize "$model" -o "$temp/gpu-$1.gguf" --type "$1" --device cuda:0 --gpu-memory 1MiB --quiet
  cmp "$temp/cpu-$1.gguf" "$temp/gpu-$1.gguf"
}
for type in f32 f16 bf16; do clean "fake GPU, a model as $type" same "$type"; done

encoded() { # type
  artifacts/quantnet quantize "$temp/cpu-f16.gguf" -o "$temp/cpu-$1.gguf" "$1" --device cpu --quiet
  on_gpu "" quantize "$temp/cpu-f16.gguf" -o "$temp/gpu-$1.gguf" "$1" --device cuda:0 --gpu-memory 1MiB --quiet
  cmp "$temp/cpu-$1.gguf" "$temp/gpu-$1.gguf"
}
for type in Q4_K_M Q3_K_S; do clean "fake GPU, a model encoded as $type" encoded "$type"; done

exact() { # device
  local said
  said=$(on_gpu devices=2 doctor --device "$1") && [[ $said == *exact* && $said != *WRONG* ]] || echo "$said"
}
clean "fake GPU, doctor on the second" exact cuda:1

refused() { # text, settings, device
  local said code=0
  said=$(on_gpu "$2" dequantize "$model" -o "$temp/refused.gguf" --device "$3" --quiet 2>&1) || code=$?
  [[ $code == 1 && $(wc -l <<<"$said") == 1 && $said == *"$1"* && ! -e $temp/refused.gguf ]] || echo "exit code $code: $said"
}
clean "fake GPU, no device" refused "finds no CUDA device" devices=0 cuda:0
clean "fake GPU, an old driver" refused "needed is 11.0 or later" version=10020 cuda:0
clean "fake GPU, an old GPU" refused "has compute capability 6.1, needed is" capability=61 cuda:0
clean "fake GPU, no memory" refused "of the GPU are free" memory=500000 cuda:0
clean "fake GPU, an image that is refused" refused "CUDA_ERROR_INVALID_PTX" fail=cuModuleLoadDataEx:1:218 cuda:0
clean "fake GPU, a kernel that fails" refused "cuda:0 is lost" fault=3:719 cuda:0
caught "fake GPU, planted: no failure" refused "cuda:0 is lost" "" cuda:0
