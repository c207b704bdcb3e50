#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `cmake --install` gives what programs in C and Python need: found by find_package, by pkg-config, or loaded at run time, also
# after the installation was moved, and at a path with spaces and other letters. The samples decode a tensor as the tool does.
source "$(dirname "$0")/support/common.sh"

model=$PWD/samples/models/wide-Q4_K_M.gguf
tensor=blk.0.attn_q.weight
place="$temp/Größe mit Leerzeichen"
prefix=$place/prefix
strict="-std=c99 -Wall -Wextra -Wpedantic -Werror"

# runs NAME COMMAND...: the command must succeed; what it printed is the reason if it does not.
runs() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$name"; else fail "$name" "$said"; fi
}

# decodes NAME COMMAND...: the command gets a file to write and must leave the weights there that the tool decodes.
decodes() {
  local name=$1 said
  shift
  rm -f "$temp/weights"
  if ! said=$("$@" "$temp/weights" 2>&1); then
    fail "$name" "$said"
  elif ! said=$(cmp "$temp/weights" "$temp/expected" 2>&1); then
    fail "$name" "$said"
  else
    ok "$name"
  fi
}

# The tool's answer: a safetensors file with one tensor ends in its 256 x 256 weights.
artifacts/quantnet dequantize "$model" --tensor "$tensor" --type f32 -o "$temp/expected.safetensors" --quiet
tail -c $((4 * 256 * 256)) "$temp/expected.safetensors" >"$temp/expected"

cmake --install artifacts/cmake/release --prefix "$place/first" >"$temp/install.log"
mv "$place/first" "$prefix"
found=$(cd "$prefix" && find . -type f | sort | tr '\n' ' ')
expected="./include/quantnet.h ./lib/cmake/quantnet/quantnetConfig.cmake ./lib/cmake/quantnet/quantnetConfigVersion.cmake \
./lib/cmake/quantnet/quantnetTargets-release.cmake ./lib/cmake/quantnet/quantnetTargets.cmake ./lib/libquantnet.so \
./lib/pkgconfig/quantnet.pc "
if [[ $found == "$expected" ]]; then ok "install, files"; else fail "install, files" "found $found, expected $expected"; fi

# find_package
configure() { # build folder, options
  cmake -S samples/c -B "$1" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" "-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror" "${@:2}"
}
runs "find_package, configure" configure "$place/build"
runs "find_package, build" cmake --build "$place/build"
decodes "find_package, samples/c decodes a tensor" "$place/build/decode_tensor" "$model" "$tensor"
find_version() { # version: a project that wants it
  mkdir -p "$temp/version"
  cat >"$temp/version/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.21)
project(wants_a_version LANGUAGES NONE)
find_package(quantnet $1 REQUIRED)
TEXT
  rm -rf "$temp/version/build"
  cmake -S "$temp/version" -B "$temp/version/build" -DCMAKE_PREFIX_PATH="$prefix" >"$temp/version/log" 2>&1 || echo "not found"
}
version=$(sed -n 's/^Version: //p' "$prefix/lib/pkgconfig/quantnet.pc")
clean "find_package, version $version" find_version "$version"
caught "find_package, planted: a version that is not there" find_version 99.0

# pkg-config
if command -v pkg-config >/dev/null; then
  with_pkg_config() { # source...
    local flags
    flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs quantnet)
    # pkg-config quotes for a shell to read.
    eval "gcc $strict -o '$place/program' $(printf '%q ' "$@") $flags" -Wl,-rpath,"'$prefix/lib'"
  }
  runs "pkg-config, build" with_pkg_config tests/checks/support/one-block.c
  runs "pkg-config, a C program decodes a block" "$place/program"
  runs "pkg-config, build of samples/c" with_pkg_config samples/c/*.c
  decodes "pkg-config, samples/c decodes a tensor" "$place/program" "$model" "$tensor"
else
  skip "pkg-config" "there is no pkg-config"
fi

# dlopen. __typeof__ is no ISO C99, but what gcc and clang have had always.
# shellcheck disable=SC2086
runs "dlopen, build" gcc ${strict/-Wpedantic/} -I"$prefix/include" -o "$place/dlopen" tests/checks/support/dlopen.c -ldl
runs "dlopen, a C program decodes a block" "$place/dlopen" "$prefix/lib/libquantnet.so"

# Python
python_sample() { # python, options; the last argument is the file to write
  QUANTNET_LIBRARY=$prefix/lib/libquantnet.so PYTHONDONTWRITEBYTECODE=1 "$1" samples/python/decode_tensor.py "$model" "$tensor" \
    "${@:2:$#-2}" -o "${!#}"
}
# The first Python that can import all of these modules.
python_with() {
  local python
  for python in python3 /usr/bin/python3; do
    if command -v "$python" >/dev/null && "$python" -c "import sys${1:+, $1}" 2>/dev/null; then
      echo "$python" && return
    fi
  done
  return 1
}
if python=$(python_with ""); then
  # -S -E: without installed packages, so without numpy.
  printf '#!/bin/sh\nexec %s -S -E "$@"\n' "$python" >"$temp/bare-python" && chmod +x "$temp/bare-python"
  decodes "Python without numpy decodes a tensor" python_sample "$temp/bare-python"
else
  skip "Python without numpy" "there is no python3"
fi
if python=$(python_with numpy); then
  decodes "Python with numpy decodes a tensor" python_sample "$python"
else
  skip "Python with numpy" "there is no python3 with numpy"
fi
if python=$(python_with "numpy, gguf"); then
  decodes "Python agrees with gguf-py" python_sample "$python" --compare
else
  skip "Python agrees with gguf-py" "there is no python3 with numpy and gguf"
fi

printf 'no model' >"$temp/no-model"
complains() { "$@" >/dev/null 2>&1; }
caught "samples, planted: a file that is no model" complains "$place/build/decode_tensor" "$temp/no-model" "$tensor"
caught "samples, planted: a tensor that is not there" complains "$place/build/decode_tensor" "$model" no.such.tensor
