#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `./build.sh fuzz`: runs fuzz targets, for so long in all, and prints a line for each.
#
#   usage: fuzz [--minutes N | --seconds N] [TARGET...]
#
# Native targets are those of tests/fuzz/targets, with libFuzzer; gguf and safetensors are the readers of models, by
# GgufMutationTests.cs and SafetensorsMutationTests.cs in tests/Quant.Net.Tests. Inputs that reached something new are kept in artifacts/fuzz/corpus for the
# next run, inputs that broke something in artifacts/fuzz/TARGET.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source scripts/setup.sh

native=(decode rows stream matrix open)
declare -A managed=([gguf]=GgufMutationTests [safetensors]=SafetensorsMutationTests)
all=("${native[@]}" gguf safetensors)
seconds=60
targets=()
while (($#)); do
  case $1 in
    --minutes) seconds=$((${2:?--minutes needs a number} * 60)) && shift ;;
    --seconds) seconds=${2:?--seconds needs a number} && shift ;;
    -*) echo "fuzz: unknown option '$1', expected --minutes N or --seconds N" >&2 && exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
((${#targets[@]})) || targets=("${all[@]}")
for target in "${targets[@]}"; do
  [[ " ${all[*]} " == *" $target "* ]] || { echo "fuzz: unknown target '$target', expected one of: ${all[*]}" >&2 && exit 2; }
done
each=$((seconds / ${#targets[@]}))
((each > 0)) || each=1

ok() { echo "ok fuzz $1: $2"; }
fail() {
  echo "FAIL fuzz $1: $2"
  failed=1
}
failed=0

build_native() {
  local version
  version=$(newest_with_fuzzer) || { echo "fuzz: there is no clang from $oldest_clang on with libFuzzer" >&2 && exit 1; }
  (
    cd native
    cmake --preset fuzz -DCMAKE_CXX_COMPILER="clang++-$version" -DCMAKE_C_COMPILER="clang-$version"
    cmake --build --preset fuzz
  ) >artifacts/fuzz/build.log 2>&1 || { tail -n 30 artifacts/fuzz/build.log >&2 && exit 1; }
}

run_native() {
  local target=$1 log=artifacts/fuzz/$1.log corpus=artifacts/fuzz/corpus/$1 program=artifacts/cmake/fuzz/fuzz/fuzz_$1 code=0
  mkdir -p "$corpus" "artifacts/fuzz/$target"
  UBSAN_OPTIONS=print_stacktrace=1 "$program" "$corpus" "tests/fuzz/corpus/$target" -max_total_time="$each" -max_len=4096 \
    -timeout=30 -print_final_stats=1 -artifact_prefix="artifacts/fuzz/$target/" >"$log" 2>&1 || code=$?
  local executions formats
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  formats=$(sed -n 's/^fuzz: \([0-9]* formats, .*\)/, \1/p' "$log")
  if ((code == 0)); then
    ok "$target" "$executions executions in $each s$formats"
  else
    fail "$target" "$(grep -m1 -E '^fuzz: .*[^)]$|ERROR: |runtime error: ' "$log" || echo "exit code $code")"
    echo "  the input: $(sed -n 's/.*Test unit written to //p' "$log"); again: $program INPUT; all of the output: $log"
  fi
}

run_managed() {
  local target=$1 log=artifacts/fuzz/$1.log seed
  seed=$((10#$(date +%j%H%M%S)))
  QUANTNET_FUZZ_SECONDS=$each QUANTNET_TEST_SEED=$seed dotnet test tests/Quant.Net.Tests -c Release --no-build -nologo \
    --filter "FullyQualifiedName~${managed[$target]}" >"$log" 2>&1 &&
    ok "$target" "$(cat "artifacts/fuzz/$target/summary.txt")" ||
    fail "$target" "QUANTNET_TEST_SEED=$seed; the model: artifacts/fuzz/$target; all of the output: $log"
}

mkdir -p artifacts/fuzz
for target in "${targets[@]}"; do
  if [[ ! ${managed[$target]:-} ]]; then build_native && break; fi
done
for target in "${targets[@]}"; do
  if [[ ${managed[$target]:-} ]]; then run_managed "$target"; else run_native "$target"; fi
done
exit "$failed"
