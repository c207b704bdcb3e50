#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# On an old processor the library chooses a set that it has and no illegal instruction stops it. qemu plays the processors; it
# has no AVX-512 itself, so the higher sets are out of reach on all of them.
source "$(dirname "$0")/support/common.sh"

tests=artifacts/cmake/release/tests/quantnet_tests
# Every kernel on known answers, and the choice of a set; more would only take longer in qemu.
filter='*Conformance*:DeviceOptions.*'

# model CPU SET WHY: on this processor the set is chosen, and the tests pass.
model() {
  local cpu=$1 set=$2 why=$3 chosen log=$temp/$1.log code=0
  chosen=$(qemu-x86_64 -cpu "$cpu" "$sets" 2>"$log" | awk '$2 == "chosen" {print $1}') || code=$?
  if ((code != 0)); then
    fail "$cpu ($why) opens a device" "exit code $code: $(cat "$log")"
    return
  fi
  if [[ $chosen == "$set" ]]; then ok "$cpu ($why) gets $set"; else fail "$cpu ($why) gets $set" "it gets $chosen"; fi

  qemu-x86_64 -cpu "$cpu" "$tests" --gtest_filter="$filter" --gtest_brief=1 >"$log" 2>&1 || code=$?
  if ((code == 0)) && grep -qE 'PASSED  \] [1-9]' "$log"; then
    ok "$cpu passes the tests"
  else
    fail "$cpu passes the tests" "exit code $code: $(grep -vE '^(\[ *(OK|RUN|SKIPPED)|qemu.*warning)' "$log" | tail -n 5)"
  fi
}

if ! command -v qemu-x86_64 >/dev/null; then
  skip "old processors" "there is no qemu-x86_64"
  exit
fi
sets=$(program instruction-sets)
model Nehalem scalar "no AVX"
model SandyBridge scalar "AVX, no AVX2"
model Haswell avx2 "AVX2, no AVX-512"

# The check must see an illegal instruction.
printf 'int main(void) { __asm__ volatile("vpaddd %%%%ymm0, %%%%ymm0, %%%%ymm0" ::: "xmm0"); return 0; }\n' >"$temp/illegal.c"
gcc -o "$temp/illegal" "$temp/illegal.c"
caught "old processors, planted: AVX2 on SandyBridge" qemu-x86_64 -cpu SandyBridge "$temp/illegal"
