#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `cmake --install` gives a header and a library that a C program can be compiled against, somewhere else.
source "$(dirname "$0")/support/common.sh"

cmake --install artifacts/cmake/release --prefix "$temp/prefix" >"$temp/install.log"
found=$(cd "$temp/prefix" && find . -type f | sort | tr '\n' ' ')
expected="./include/quantnet.h ./lib/libquantnet.so "
if [[ $found == "$expected" ]]; then ok "install, files"; else fail "install, files" "found $found, expected $expected"; fi

gcc -std=c99 -Wall -Wextra -Werror -I"$temp/prefix/include" -o "$temp/one-block" tests/checks/support/one-block.c \
  -L"$temp/prefix/lib" -lquantnet -Wl,-rpath,"$temp/prefix/lib"
if output=$("$temp/one-block"); then ok "install, a C program decodes a block"; else fail "install, a C program decodes a block" "$output"; fi
