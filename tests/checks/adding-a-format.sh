#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Does what docs/adding-a-format.md says, with the code that stands there, in a copy of the sources: one file and three lines
# must be enough for a format that every instruction set decodes, and a file and a line for its encoder.
source "$(dirname "$0")/support/common.sh"

# The Nth block of code of the page.
code() {
  awk -v wanted="$1" '
    /^```[a-z]/ {block++; inside = 1; next}
    /^```/ {inside = 0}
    inside && block == wanted' docs/adding-a-format.md
}

# insert LINE PATTERN FILE: a line before the first one that matches.
insert() { awk -v line="${1//\\/\\\\}" -v pattern="$2" '!done && $0 ~ pattern {print line; done = 1} {print}' "$3" >"$temp/new" && mv "$temp/new" "$3"; }

copy=$temp/copy
mkdir "$copy"
cp -r native "$copy/"
code 1 >"$copy/native/formats/q4_x.h"
insert "$(code 2)" '^#include "q5_0.h"' "$copy/native/formats/formats.h"
insert "$(code 3)" '^  /. every line' "$copy/native/formats/formats.h"
insert "$(code 4)" '^} qn_format;' "$copy/native/include/quantnet.h"

code 5 >"$copy/native/formats/encode/q4_x.h"
code 6 >>"$copy/native/formats/encode/encoders.h"

change=$(diff -r native "$copy/native" | grep -E '^(Only in|[<>])' | sed "s:$copy/::" || true)
added_files=$(grep -cE '^Only in native/formats(/encode)?: q4_x.h' <<<"$change" || true)
added_lines=$(grep -c '^>' <<<"$change" || true)
others=$(grep -vcE '^(>|Only in native/formats(/encode)?: q4_x.h)' <<<"$change" || true)
if [[ "$added_files $added_lines $others" == "2 4 0" ]]; then
  ok "adding a format takes one file and three lines, its encoder a file and a line"
else
  fail "adding a format takes one file and three lines, its encoder a file and a line" "$change"
fi

# Optimized little, which takes half as long. In every other build type kernels are optimized fully, whatever flags it has.
cmake -S "$copy/native" -B "$temp/cmake" -G Ninja -DQUANTNET_DEVELOPER=ON -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG=-O1 >"$temp/log" 2>&1 || true
if cmake --build "$temp/cmake" >>"$temp/log" 2>&1; then
  ok "the library with the format is built"
else
  fail "the library with the format is built" "$(grep -A3 -m1 'error' "$temp/log")"
  exit
fi

works() { # C program
  gcc -std=c99 -Wall -Wextra -Werror -I"$copy/native/include" -o "$temp/q4_x" "$1" -L"$temp/cmake" -lquantnet -lm \
    -Wl,-rpath,"$temp/cmake" && "$temp/q4_x"
}
silently_works() { works "$1" >/dev/null; }  # it says what it did when all is well
if said=$(works tests/checks/support/q4_x.c); then ok "the format is decoded and encoded: $said"; else fail "the format is decoded and encoded" "$said"; fi

sed 's/- 8)/- 7)/' tests/checks/support/q4_x.c >"$temp/other.c"
caught "adding a format, planted: another formula" silently_works "$temp/other.c"

sed 's/most = 0.2f/most = 0.02f/' tests/checks/support/q4_x.c >"$temp/other.c"
caught "adding a format, planted: numbers that come back too far away" silently_works "$temp/other.c"
