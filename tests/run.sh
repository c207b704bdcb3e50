#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `./build.sh test`: everything that can be tested on this machine. Output is kept in artifacts/test-results. Without internet,
# once the tools and the NuGet packages are there.
#   QN_TEST_LONG=1         more random blocks in the native tests, and all floats; takes hours
#   QUANTNET_TEST_LONG=1   models of 8 GiB in the tests of the command line; takes minutes and 20 GiB of TMPDIR
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
source tests/results.sh
source scripts/setup.sh
rm -rf "$results"
mkdir -p "$results"
: >"$results/sets.txt"

native_build() { # preset
  cd native
  cmake --preset "$1"
  cmake --build --preset "$1"
}

xunit() { # project, instruction set; without one the library chooses
  env ${2:+"QUANTNET_ISA=$2"} dotnet test "$1" -c Release --no-build -nologo --logger 'console;verbosity=normal' \
    --blame-hang-timeout 5m --results-directory "$results/dotnet"
}

clang_format() {
  local file
  while read -r file; do
    if "clang-format-$clang_format_version" --dry-run -Werror "$file"; then echo "ok $file"; else echo "FAIL $file: not as clang-format writes it"; fi
  done < <(find native tests samples -regextype egrep -regex '.*\.(h|c|cpp|inl|cu)' | sort)
}

# A build that fails is a failed test; what depends on it fails after it.
step "build" read_nothing ./build.sh build
step "build of the .NET tests" read_nothing dotnet build Quant.Net.slnx -c Release -nologo -nodereuse:false \
  -p:UseSharedCompilation=false
step "build of the native tests" read_nothing bash -ec "$(declare -f native_build); native_build tests"
step "build with sanitizers" read_nothing bash -ec "$(declare -f native_build); native_build sanitize"
step "build with the thread sanitizer" read_nothing bash -ec "$(declare -f native_build); native_build thread"

step "native tests" read_gtest artifacts/cmake/release/tests/quantnet_tests
step "native tests, failures" read_gtest artifacts/cmake/release/tests/quantnet_failure_tests
step "native tests, ASan and UBSan" read_gtest env QN_TEST_SHORT=1 artifacts/cmake/sanitize/tests/quantnet_tests
step "failures, ASan and UBSan" read_gtest artifacts/cmake/sanitize/tests/quantnet_failure_tests
step "native tests with threads, TSan" read_gtest env QN_TEST_SHORT=1 artifacts/cmake/thread/tests/quantnet_tests \
  --gtest_filter='Device.*:*AreSharedByThreads*'
step "GPUs, by a fake driver" read_gtest artifacts/cmake/release/tests/quantnet_cuda_tests
step "GPUs, ASan and UBSan" read_gtest env QN_TEST_SHORT=1 artifacts/cmake/sanitize/tests/quantnet_cuda_tests
step "GPUs, TSan" read_gtest env QN_TEST_SHORT=1 artifacts/cmake/thread/tests/quantnet_cuda_tests \
  --gtest_filter='CudaStreams.*:CudaStaging.*'
step "GPU kernels, emulated" read_gtest artifacts/cmake/release/tests/cuda/quantnet_emulation_tests
step "GPU kernels, emulated, ASan and UBSan" read_gtest env QN_TEST_SHORT=1 \
  artifacts/cmake/sanitize/tests/cuda/quantnet_emulation_tests
step "fuzz, some seconds" read_checks tests/fuzz/run.sh --seconds 15 decode rows stream matrix open

step "instruction sets of this machine" read_nothing tests/checks/support/instruction-sets.sh "$results/sets.txt"
while read -r set state reason; do
  if [[ $state == missing ]]; then
    skip ".NET tests, $set" "$reason"
  else
    step ".NET tests, $set" read_xunit xunit tests/Quant.Net.Tests "$set"
  fi
done <"$results/sets.txt"
step ".NET tests, GPUs" read_xunit xunit tests/Quant.Net.Cuda.Tests
step "command line" read_xunit xunit tests/Quant.Net.Tool.Tests

step "demo" read_nothing ./build.sh demo

step "bindings are up to date" read_nothing dotnet run -c Release --no-build --project bindings -- --check
step "reference is up to date" read_nothing dotnet run -c Release --no-build --project scripts/reference -- --check
if have "clang-format-$clang_format_version"; then
  step "format of C and C++" read_checks clang_format
else
  skip "format of C and C++" "there is no clang-format-$clang_format_version"
fi
step "format of C#" read_nothing dotnet format Quant.Net.slnx --verify-no-changes --no-restore

for check in tests/checks/*.sh; do
  step "$(basename "$check" .sh)" read_checks "$check"
done

step "interop with llama.cpp" read_checks tests/interop/run.sh

summary
