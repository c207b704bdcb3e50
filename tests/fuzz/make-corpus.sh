#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Writes the first inputs of the fuzz targets, tests/fuzz/corpus/TARGET/*, anew: for each format of the header a few blocks of
# tests/vectors (those of F16 where a format has none) behind the bytes that the target's comment describes.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
corpus=tests/fuzz/corpus

# Bytes by their numbers.
bytes() {
  local byte
  for byte in "$@"; do printf '%b' "\\x$(printf %02x "$byte")"; done
}

# A text behind its length.
text() {
  bytes "${#1}"
  printf %s "$1"
}

rm -rf "$corpus"
mkdir -p "$corpus"/{decode,rows,stream,matrix,open}
count=0
while read -r format number; do
  vectors=tests/vectors/$format/random.bin
  [[ -e $vectors ]] || vectors=tests/vectors/F16/random.bin
  output=$((count++ % 3))
  { bytes "$number" "$output" 0 0 && head -c 650 "$vectors"; } >"$corpus/decode/$format"
  { bytes "$number" "$output" 0 128 1 4 0 1 0 1 && head -c 1200 "$vectors"; } >"$corpus/rows/$format"
  { bytes "$number" "$output" 3 "$count" "$output" && head -c 300 "$vectors"; } >"$corpus/stream/$format"
done < <(sed -n 's/^ *QN_FORMAT_\([A-Z0-9_]*\) = \([0-9]*\).*/\1 \2/p' native/include/quantnet.h)

# A matrix of each layout and kind of scale: bits, flags, scales, rows, columns, group, rows of a group, blocks of scales, arrays.
matrix() { # name, layout, bits, flags, scales, group, rows of a group, blocks of scales, arrays
  { bytes "$2" "$3" "$4" "$5" 64 0 64 0 "$6" 0 "$7" 0 "$8" 0 "$9" 0 1 0 64 0 128 && head -c 200 tests/vectors/F16/random.bin; } >"$corpus/matrix/$1"
}
for scales in 0 1 30; do
  for bits in 2 3 4 8; do matrix "gptq-$bits-$scales" 1 "$bits" 1 "$scales" 32 0 0 3; done
  matrix "awq-gemm-$scales" 2 4 0 "$scales" 32 0 0 1
  matrix "awq-gemv-$scales" 3 4 0 "$scales" 32 0 0 1
  matrix "awq-gemv-fast-$scales" 4 4 0 "$scales" 32 0 0 1
  for bits in 1 3 4 7 8; do matrix "pack-$bits-$scales" 5 "$bits" $((scales % 4 * 2 % 8)) "$scales" 16 0 0 $((bits % 4)); done
  matrix "int8-$scales" 6 8 0 "$scales" 0 0 0 1
  matrix "float8-$scales" 7 8 0 "$scales" 16 16 0 0
done
matrix mxfp4 8 4 0 0 32 0 0 0
matrix nvfp4 9 4 8 0 16 0 0 16
matrix bnb 10 4 0 0 32 0 0 4
matrix bnb-double 10 4 0 0 32 0 16 44
matrix llm-int8 11 8 0 0 0 0 0 0

# Names of devices; options of 20 bytes (16 behind their size): threads, set, reserved, and a field that is not known yet.
for name in cpu auto cuda:0 cuda:99999 cpu:0 ''; do
  { text "$name" && text scalar && bytes 0 32 0 0 40 0; } >"$corpus/open/name-${name//:/-}"
done
for set in scalar avx2 avx512 avx512vbmi sse9; do
  { text cpu && text "$set" && bytes 20 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0; } >"$corpus/open/set-$set"
done
for isa in 0 1 2 3 4 77; do
  { text cpu && text '' && bytes 16 3 0 0 0 "$isa" 0 0 0 0 0 0 0; } >"$corpus/open/options-isa-$isa"
done
