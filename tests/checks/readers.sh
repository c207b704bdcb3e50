#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Files that we write, read by others: @huggingface/gguf (TypeScript) and gguf-py find the metadata and the tensors that our own
# reader finds. `./build.sh setup` installs the first where there is an npm; Python is asked for gguf and numpy.
source "$(dirname "$0")/support/common.sh"

export READERS=$PWD/artifacts/readers PYTHONDONTWRITEBYTECODE=1
readers=()
if ! command -v node >/dev/null; then
  skip "read by @huggingface/gguf" "there is no node"
elif [[ ! -d $READERS/node_modules/@huggingface/gguf ]]; then
  skip "read by @huggingface/gguf" "it is not there; ./build.sh setup installs it where there is an npm"
else
  readers+=("@huggingface/gguf")
fi
for python in python3 /usr/bin/python3; do
  if command -v "$python" >/dev/null && "$python" -c "import numpy, gguf" 2>/dev/null; then
    readers+=("gguf-py")
    break
  fi
done
[[ ${readers[*]} == *gguf-py* ]] || skip "read by gguf-py" "there is no python3 with numpy and gguf"
((${#readers[@]} > 0)) || exit 0

read_by() { # reader, file, what our reader found, number of the file: prints what differs
  case $1 in
    gguf-py) "$python" tests/readers/read.py "${@:2}" ;;
    *) node tests/readers/read.mjs "${@:2}" ;;
  esac
}

# agrees NAME FILE...: the files of a model
agrees() {
  local reader name=$1 i
  shift
  artifacts/quantnet inspect "$1" --json --all >"$temp/inspected.json"
  for ((i = 0; i < $#; i++)); do
    for reader in "${readers[@]}"; do
      clean "$name, $(basename "${@:i+1:1}"), read by $reader" read_by "$reader" "${@:i+1:1}" "$temp/inspected.json" "$i"
    done
  done
}

quantnet() { artifacts/quantnet "$@" --quiet >"$temp/log"; }
model=samples/models/wide-Q4_K_M.gguf
for type in f32 f16 bf16; do
  quantnet dequantize "$model" --type "$type" -o "$temp/$type.gguf"
  agrees "dequantize" "$temp/$type.gguf"
done

# What needs no importance matrix, and together has most types of tensors.
for type in Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K_M Q5_K_M IQ4_NL IQ4_XS IQ3_M TQ1_0 TQ2_0 MXFP4_MOE Q1_0 Q2_0; do
  quantnet quantize "$temp/f16.gguf" -o "$temp/$type.gguf" "$type"
  agrees "quantize" "$temp/$type.gguf"
done

quantnet metadata "$model" -o "$temp/metadata.gguf" --remove general.name --rename llama.vocab_size=x.vocabulary \
  --set x.u8:uint8=255 --set x.i8:int8=-128 --set x.u16:uint16=65535 --set x.i16:int16=-32768 --set x.u32:uint32=4294967295 \
  --set x.i32:int32=-2147483648 --set x.u64:uint64=9007199254740991 --set x.i64:int64=-9007199254740991 --set x.f32:float32=0.1 \
  --set x.f64:float64=0.1 --set x.yes:bool=true --set "x.text:string=Grüße 世界" --set "x.list:int32[]=[1,-2,3]" \
  --set 'x.words:string[]=["a","","ü"]'
agrees "metadata of all types" "$temp/metadata.gguf"

quantnet split "$model" -o "$temp/part" --max-size 400KB
parts=("$temp"/part-*-of-*.gguf)
((${#parts[@]} > 2)) || fail "split" "found ${#parts[@]} files"
agrees "split" "${parts[@]}"

artifacts/quantnet inspect "$model" --json --all >"$temp/inspected.json"
sed 's/"offset": 14272/"offset": 14304/' "$temp/inspected.json" >"$temp/other.json"
for reader in "${readers[@]}"; do caught "planted: another offset, seen by $reader" read_by "$reader" "$model" "$temp/other.json" 0; done
