#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Nothing that is compiled for an instruction set can become common property: each symbol that such a unit defines for others
# lies in its own namespace. (An inline function of the C++ library compiled there could be the copy that the linker keeps for
# everybody, and an old CPU would stop on it.) The one symbol meant for others is the table of kernels.
source "$(dirname "$0")/support/common.sh"

# Mangled names of symbols that are visible to other units: all but local ones, which nm writes in lower case (u, v, w are not).
visible() { nm --defined-only "$1" | awk '$2 ~ /[A-Zuvw]/ {print $2, $3}'; }

foreign() { # object, namespace
  visible "$1" | awk -v own="^_Z(G[VR])?[NZKV]*2qn${#2}$2" '$2 !~ own {print "defines", $2}' | c++filt
}

strong() { # object, namespace
  visible "$1" | awk -v table="^_ZN2qn${#2}${2}(8kKernels|9kEncoders|9kMatrices)E$" \
    '$1 !~ /[uvwVW]/ && $2 !~ table {print "defines for others", $2}' | c++filt
}

for unit in {scalar,avx2,avx512}{,_encoders,_matrices} avx512vbmi; do
  object=$objects/cpu/$unit.cpp.o
  set=${unit%_*}
  clean "leaks of $unit, names" foreign "$object" "$set"
  clean "leaks of $unit, only the table is strong" strong "$object" "$set"
done
caught "leaks, planted: another namespace" foreign "$objects/cpu/avx2.cpp.o" avx512

cat >"$temp/leak.cpp" <<'TEXT'
#include <algorithm>
namespace qn::avx2 {
extern int (*const kKernels[])(const int*, const int*) = {[](const int* a, const int* b) { return *std::max(a, b); }};
int helper() { return 1; }
}
TEXT
g++ -std=c++17 -O0 -mavx2 -c -o "$temp/leak.o" "$temp/leak.cpp"
caught "leaks, planted: an inline function of the C++ library" foreign "$temp/leak.o" avx2
caught "leaks, planted: a second strong symbol" strong "$temp/leak.o" avx2
