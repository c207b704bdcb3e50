#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Everything that is done with this repository, by words; build.ps1 knows the same ones on Windows. It only calls CMake and
# dotnet: settings are in native/CMakePresets.json and Directory.Build.props. `./build.sh help` lists the words.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
source scripts/setup.sh
source scripts/dotnet.sh

usage() {
  cat <<'TEXT'
usage: ./build.sh WORD [OPTION...]

  setup      install the tools that are missing (cmake, g++, ninja, clang, GoogleTest ...), as root or by sudo
  native     build the native library: artifacts/native/{include,lib}; with kernels for GPUs if there is a clang to compile
             them, or as QUANTNET_CUDA=ON|OFF says
  build      native, then the .NET library and the command line: artifacts/quantnet runs it
  demo       inspect and decode the two sample models, and show how fast
  test       run all tests and checks; the last line is "N passed, N failed, N skipped"
  fuzz       feed random input to the decoders and the reader of models: fuzz [--minutes N] [TARGET...]
  bench      measure everything and write benchmarks/results; [--peer [NAME=]PATH] compares with a ggml library; or only
             [--matrices], [--encoders] or [--files]
  reference  write docs/reference/*.md anew from the header and the XML documentation
  gpu-kit    make the tests of a GPU, for a machine that has one: artifacts/gpu-kit (docs/cuda.md)
  bindings   write src/Quant.Net/Native/*.g.cs anew from native/include/quantnet.h
  pack       make the NuGet packages, the tool as one file, the archive of the C library: artifacts/packages
  clean      remove everything that was built
  help       this text
TEXT
}

native() {
  # CMake looks for presets in the current directory.
  (
    cd native
    cmake --preset release -DQUANTNET_CUDA="${QUANTNET_CUDA-AUTO}"
    cmake --build --preset release
  )
  cmake --install artifacts/cmake/release
}

build() {
  native
  dotnet_release build src/Quant.Net
  dotnet_release publish src/Quant.Net.Tool -p:QuantNetReadyToRun=true -o artifacts/tool
  # A script, because the tool's own executable does not look for dotnet on the PATH.
  cat >artifacts/quantnet <<'TEXT'
#!/bin/sh
exec dotnet "$(dirname "$(readlink -f "$0")")/tool/quantnet.dll" "$@"
TEXT
  chmod +x artifacts/quantnet
}

bench() {
  echo "building ..." >&2
  quietly build
  quietly dotnet_release publish benchmarks/hello -o artifacts/hello
  quietly dotnet_release build benchmarks/Quant.Net.Benchmarks.csproj
  dotnet benchmarks/bin/Release/net10.0/Quant.Net.Benchmarks.dll --output benchmarks/results "$@" \
    --tool artifacts/tool/quantnet.dll --hello artifacts/hello/hello.dll --model samples/models/stories260K-Q4_K_M.gguf
}

# Shows what a command printed only if it failed. In the condition of an `if` or `||` a function would not end at its first error,
# so this one waits for the exit code outside of them.
quietly() {
  local log code
  log=$(mktemp)
  set +e
  (set -e && "$@") >"$log" 2>&1
  code=$?
  set -e
  if ((code != 0)); then cat "$log" >&2; fi
  rm -f "$log"
  if ((code != 0)); then exit "$code"; fi
}

word=${1-help}
if (($# > 1)) && [[ $word != bench && $word != fuzz ]]; then
  echo "build.sh: only bench and fuzz take options, found '$*'" >&2
  exit 2
fi
case $word in
  setup)
    need dotnet build gpu bindings test fuzz
    # Checks that want these are skipped without them, and say so.
    (like browser) || echo "build.sh: goes on without a browser" >&2
    get_reader || echo "build.sh: goes on without @huggingface/gguf" >&2
    ;;
  native)
    need build
    like gpu
    native
    ;;
  build)
    need dotnet build
    like gpu
    build
    ;;
  pack)
    # What is handed on has the GPU inside.
    need dotnet build gpu
    export QUANTNET_CUDA=ON
    build
    scripts/pack.sh
    ;;
  gpu-kit)
    need dotnet build gpu test
    export QUANTNET_CUDA=ON
    quietly native
    tests/gpu/make-kit.sh
    ;;
  demo)
    need dotnet build
    echo "building; the first time takes some minutes ..."
    quietly ./build.sh build
    scripts/demo.sh
    ;;
  test)
    need dotnet build gpu bindings test fuzz
    tests/run.sh
    ;;
  fuzz)
    need dotnet build fuzz
    quietly native
    quietly dotnet_release build tests/Quant.Net.Tests
    tests/fuzz/run.sh "${@:2}"
    ;;
  bench)
    need dotnet build
    bench "${@:2}"
    ;;
  bindings)
    need dotnet bindings
    dotnet run -c Release --project bindings
    ;;
  reference)
    need dotnet
    dotnet run -c Release --project scripts/reference
    ;;
  clean) rm -rf artifacts {src,tests}/*/{bin,obj} {bindings,benchmarks,benchmarks/hello,scripts/reference}/{bin,obj} ;;
  help | -h | --help) usage ;;
  *)
    echo "build.sh: unknown word '$word'" >&2
    usage >&2
    exit 2
    ;;
esac
