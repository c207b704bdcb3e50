#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The thread sanitizer finds nothing in the pool of threads, and would: once a memory order is relaxed, it does.
source "$(dirname "$0")/support/common.sh"

cp native/cpu/pool.h "$temp"

# build NAME SED: a program around a copy of pool.cpp in which something was replaced.
build() {
  sed "$2" native/cpu/pool.cpp >"$temp/$1.cpp"
  clean "races, program: $1" g++ -std=c++20 -O1 -fsanitize=thread -Wall -Wextra -Werror -Inative/include -pthread \
    -DPOOL="\"$temp/$1.cpp\"" -o "$temp/$1" tests/native/support/races.cpp
}

build pool ''
clean "races of the pool" "$temp/pool"
for order in release acquire acq_rel; do
  build "without-$order" "s/memory_order_$order/memory_order_relaxed/g"
  caught "races, planted: $order was relaxed" "$temp/without-$order"
done
