#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# quantnet.h is C99 and C++17 that compiles alone, without a warning; so does each header of a format, as C++17 and, for the GPU,
# as CUDA (without a CUDA toolkit).
source "$(dirname "$0")/support/common.sh"

strict="-fsyntax-only -Wall -Wextra -Wpedantic -Werror"
cuda="-x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch=sm_75 --cuda-feature=+ptx63 -ffp-contract=off"

# compiles COMPILER... HEADER: a file that includes the header twice and nothing else.
compiles() {
  local header=${*: -1}
  printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" >"$temp/alone"
  # shellcheck disable=SC2086
  "${@:1:$#-1}" $strict "$temp/alone"
}

for standard in c99 c17; do
  clean "quantnet.h as $standard, gcc" compiles gcc -x c -std=$standard native/include/quantnet.h
done
clean "quantnet.h as C++17, g++" compiles g++ -x c++ -std=c++17 native/include/quantnet.h
[[ -z $clangxx ]] || clean "quantnet.h as C++17, $clangxx" compiles "$clangxx" -x c++ -std=c++17 native/include/quantnet.h

for header in native/formats/*.h native/formats/encode/*.h; do
  clean "$header, g++" compiles g++ -x c++ -std=c++17 "$header"
  if [[ -z $clangxx ]]; then
    skip "$header, clang" "there is no clang"
    continue
  fi
  clean "$header, $clangxx" compiles "$clangxx" -x c++ -std=c++17 "$header"
  # shellcheck disable=SC2086
  clean "$header, CUDA" compiles "$clangxx" $cuda -std=c++17 "$header"
done

echo 'inline int planted(int unused) { return 1; }' >"$temp/planted.h"
root=$PWD
cd "$temp"
caught "headers, planted: a warning" compiles g++ -x c++ -std=c++17 planted.h
cd "$root"
