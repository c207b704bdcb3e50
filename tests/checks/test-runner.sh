#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The test runner itself: whatever a step prints and however it ends, it is counted right and a failure stays one.
source "$(dirname "$0")/support/common.sh"

# counted NAME EXPECTED READER OUTPUT CODE: a step that prints OUTPUT and ends with CODE must be summed up as EXPECTED.
counted() {
  local name=$1 expected=$2 reader=$3 output=$4 code=$5 found
  found=$(
    results=$temp
    source tests/results.sh
    step "planted" "$reader" bash -c 'printf "%s\n" "$1"; exit "$2"' _ "$output" "$code" >"$temp/shown"
    if summary >"$temp/summary"; then echo "exit 0"; else echo "exit 1"; fi
    tail -n 1 "$temp/summary"
  )
  found=$(tr '\n' ' ' <<<"$found")
  if [[ $found == "$expected " ]]; then ok "test runner: $name"; else fail "test runner: $name" "found '$found', expected '$expected'"; fi
}

gtest='[ RUN      ] A.B
[       OK ] A.B (0 ms)
[ RUN      ] C.D
device.h:17: Skipped
avx512: the CPU lacks AVX512F
[  SKIPPED ] C.D (0 ms)'
counted "GoogleTest" "exit 0 1 passed, 0 failed, 1 skipped" read_gtest "$gtest" 0
counted "GoogleTest, a failure" "exit 1 1 passed, 1 failed, 1 skipped" read_gtest "$gtest
[ RUN      ] E.F
[  FAILED  ] E.F (0 ms)
[  FAILED  ] 1 test, listed below:
[  FAILED  ] E.F" 1
counted "GoogleTest, a crash in the middle" "exit 1 1 passed, 1 failed, 1 skipped" read_gtest "$gtest
[ RUN      ] E.F" 139
counted "GoogleTest, no test" "exit 1 0 passed, 1 failed, 0 skipped" read_gtest "[==========] Running 0 tests from 0 test suites." 0

xunit='[xUnit.net 00:00:00.97]     T.D [SKIP]
[xUnit.net 00:00:00.97]       the CPU lacks AVX512F
  Skipped T.D [1 ms]
  Passed T.E(s: "a\nFailed b [2 ms]") [< 1 ms]'
counted "xunit" "exit 0 1 passed, 0 failed, 1 skipped" read_xunit "$xunit" 0
counted "xunit, a failure" "exit 1 1 passed, 1 failed, 1 skipped" read_xunit "$xunit
  Failed T.C [35 ms]
  Error Message:" 1
counted "xunit, a crash" "exit 1 1 passed, 1 failed, 1 skipped" read_xunit "$xunit
The active test run was aborted." 1
counted "xunit, no test" "exit 1 0 passed, 1 failed, 0 skipped" read_xunit "No test is available in x.dll." 0

counted "checks" "exit 0 1 passed, 0 failed, 1 skipped" read_checks $'ok a\nskip b: no clang' 0
counted "checks, a failure" "exit 1 1 passed, 1 failed, 0 skipped" read_checks $'ok a\nFAIL b: no' 0
counted "checks, a crash" "exit 1 1 passed, 1 failed, 0 skipped" read_checks "ok a" 2
counted "a command" "exit 0 1 passed, 0 failed, 0 skipped" read_nothing "anything" 0
counted "a command that fails" "exit 1 0 passed, 1 failed, 0 skipped" read_nothing "ok anything" 1

counted "reasons" "exit 0 1 passed, 0 failed, 1 skipped" read_gtest "$gtest" 0
if grep -q 'planted: C.D: avx512: the CPU lacks AVX512F' "$temp/summary"; then
  ok "test runner: what was skipped is named"
else
  fail "test runner: what was skipped is named" "$(cat "$temp/summary")"
fi
