#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh [BUILD [MODEL [TYPE...]]]: what llama.cpp makes of our files. BUILD is the build folder of a llama.cpp with the target llama-quantize,
# compiled with -ffp-contract=off (else $LLAMA_BUILD); MODEL a small llama in float32 whose rows are whole blocks of 256; TYPE... only
# these file types.
#   - `quantnet quantize` writes the bytes of llama-quantize, for every file type, with and without an importance matrix
#   - llama.cpp loads them and gives the logits that it gives with its own
# docs/interop.md says how to make such a build, and what came out. One line for each comparison, as tests/checks have them.
build=${1:-${LLAMA_BUILD:-}}
model=${2:-../shared/models/wide256/wide-F32.gguf}
[[ -z $build ]] || build=$(realpath "$build")
[[ -z ${2:-} ]] || model=$(realpath "$model")
source "$(dirname "$0")/../checks/support/common.sh"

if [[ -z $build ]]; then
  skip "llama.cpp" "no build of it is named (LLAMA_BUILD)"
  exit
fi
quantize=$build/bin/llama-quantize
if [[ ! -x $quantize ]]; then
  fail "llama.cpp" "$quantize is not there"
  exit 1
fi
if ! command -v python3 >/dev/null; then
  skip "llama.cpp" "there is no python3"
  exit
fi

types="${*:3}"
all_types="Q1_0 Q2_0 Q4_0 Q4_1 MXFP4_MOE Q5_0 Q5_1 IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ1_S IQ1_M TQ1_0 TQ2_0 Q2_K Q2_K_S IQ3_XXS IQ3_S IQ3_M \
IQ3_XS Q3_K_S Q3_K_M Q3_K_L IQ4_NL IQ4_XS Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K Q8_0 F16 BF16 F32 COPY"
types=${types:-$all_types}

# same NAME MODEL TYPE [IMATRIX]: both quantize the model, or both refuse for the same reason. What they wrote stays in $temp.
same() {
  local name=$1 source=$2 type=$3 imatrix=${4:-} ours=0 theirs=0
  rm -f "$temp/ours.gguf" "$temp/theirs.gguf"
  "$quantize" ${imatrix:+--imatrix "$imatrix"} "$source" "$temp/theirs.gguf" "$type" 2 >"$temp/their-log" 2>&1 || theirs=$?
  artifacts/quantnet quantize "$source" -o "$temp/ours.gguf" "$type" ${imatrix:+--imatrix "$imatrix"} --quiet >"$temp/our-log" 2>&1 || ours=$?
  if ((ours != 0 && theirs != 0)) && grep -q 'requires an imatrix' "$temp/their-log" && grep -q 'importance' "$temp/our-log"; then
    ok "$name: both want an importance matrix"
  elif ((ours != 0 && theirs != 0)) && grep -q 'no tensor type fallback' "$temp/their-log" && grep -q 'not whole blocks' "$temp/our-log"; then
    ok "$name: both have no type for such rows"
  elif ((ours != 0 && theirs != 0)); then
    fail "$name" "ours: $(tail -n 1 "$temp/our-log"); theirs: $(tail -n 1 "$temp/their-log")"
  elif ((ours != 0)); then
    fail "$name" "only llama-quantize does it: $(tail -n 1 "$temp/our-log")"
  elif ((theirs != 0)); then
    fail "$name" "only quantnet does it: $(tail -n 3 "$temp/their-log")"
  elif cmp -s "$temp/ours.gguf" "$temp/theirs.gguf"; then
    ok "$name: the same file"
  else
    fail "$name" "$(python3 tests/interop/differences.py "$temp/ours.gguf" "$temp/theirs.gguf")"
  fi
}

# logits NAME FILE: llama.cpp's with our file and with its own.
logits() {
  local said
  if ! said=$("$temp/logits" "$2" "$temp/our-logits" 2>&1 && "$temp/logits" "$temp/theirs.gguf" "$temp/their-logits" 2>&1); then
    fail "$1, logits" "$said"
  elif ! said=$(cmp "$temp/our-logits" "$temp/their-logits" 2>&1); then
    fail "$1, logits" "$said"
  else
    ok "$1: llama.cpp gives the same logits"
  fi
}

# Compares both kinds of file for all types.
compare() { # name, model, imatrix
  local type
  for type in $types; do
    same "$1, $type" "$2" "$type"
    [[ ! -s $temp/ours.gguf || ! -s $temp/theirs.gguf || -z ${can_evaluate:-} ]] || logits "$1, $type" "$temp/ours.gguf"
    same "$1, $type, importance" "$2" "$type" "$3"
  done
}

source_folder=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
gcc -std=c99 -Wall -Wextra -Werror -I"$source_folder/include" -I"$source_folder/ggml/include" -o "$temp/logits" tests/interop/logits.c \
  -L"$build/bin" -lllama -lggml -lggml-base -Wl,-rpath,"$build/bin"
python3 tests/interop/make_models.py "$temp"

if [[ -s $model ]]; then
  name=$(basename "$model" .gguf)
  python3 tests/interop/make_models.py "$temp" "$model"
  can_evaluate=yes
  compare "$name" "$model" "$temp/$name.imatrix.gguf"
  can_evaluate=
  artifacts/quantnet quantize "$model" -o "$temp/split.gguf" Q4_K_M --split-max-size 300KB --quiet
  "$quantize" "$model" "$temp/theirs.gguf" Q4_K_M 2 >"$temp/their-log" 2>&1
  first=("$temp"/split-00001-of-*.gguf)
  logits "$name, several files" "${first[0]}"
else
  skip "llama.cpp, a trained model" "$model is not there"
fi
for name in deep moe narrow; do
  compare "$name" "$temp/$name.gguf" "$temp/$name.imatrix.gguf"
done
printf 'no model' >"$temp/none"
caught "planted: a file that is no model" "$temp/logits" "$temp/none" "$temp/our-logits"
