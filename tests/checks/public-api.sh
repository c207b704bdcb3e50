#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a program can use stands in tests/api, so that nobody changes it without seeing that: quantnet.h.txt has the declarations
# of the C header, libquantnet.so.txt the symbols that the library exports. (Quant.Net.txt, the public .NET API, is compared by
# PublicApiTests.) With --update all three are written anew.
source "$(dirname "$0")/support/common.sh"

# The header without comments, a declaration on a line; bodies are indented. Version numbers may change.
declarations() { # header
  echo "QN_ABI_VERSION $(sed -n 's/^#define QN_ABI_VERSION //p' "$1")"
  grep -v '^#include' "$1" | gcc -std=c99 -E -P -x c - | awk '
    {
      gsub(/[ \t]+/, " "); gsub(/^ | $/, "")
      line = line == "" ? $0 : line " " $0
      parentheses += gsub(/\(/, "(") - gsub(/\)/, ")")
      if (parentheses > 0 || line == "") next
      if (line ~ /^}/) inside = 0
      print (inside ? "    " : "") line
      if (line ~ /\{$/) inside = 1
      line = ""
    }'
}

symbols() { nm -D --defined-only "$1" | awk '{print $2, $3}' | LC_ALL=C sort; } # library

if [[ ${1-} == --update ]]; then
  declarations native/include/quantnet.h >tests/api/quantnet.h.txt
  symbols "$library" >tests/api/libquantnet.so.txt
  QUANTNET_UPDATE_API=1 dotnet test tests/Quant.Net.Tests -c Release -nologo -nodereuse:false --filter PublicApiTests
  git status --short tests/api
  exit
fi

compare() { # listing, what is there now
  local change
  change=$(diff "tests/api/$1" - <<<"$2" | sed -n 's/^</gone:/p; s/^>/new:/p')
  [[ -z $change ]] || echo "$change (if that is meant, run tests/checks/public-api.sh --update)"
}
clean "public API, quantnet.h" compare quantnet.h.txt "$(declarations native/include/quantnet.h)"
clean "public API, libquantnet.so" compare libquantnet.so.txt "$(symbols "$library")"

sed 's/size_t destination_size/uint32_t destination_size/' native/include/quantnet.h >"$temp/parameter.h"
sed 's/QN_ERROR_SIZE = -2/QN_ERROR_SIZE = -3/' native/include/quantnet.h >"$temp/number.h"
sed 's:/\*\* Done. \*/:/** Finished. */:' native/include/quantnet.h >"$temp/comment.h"
caught "public API, planted: the type of a parameter" compare quantnet.h.txt "$(declarations "$temp/parameter.h")"
caught "public API, planted: a number" compare quantnet.h.txt "$(declarations "$temp/number.h")"
clean "public API, another comment" compare quantnet.h.txt "$(declarations "$temp/comment.h")"
caught "public API, planted: a symbol less" compare libquantnet.so.txt "$(symbols "$library" | tail -n +2)"
