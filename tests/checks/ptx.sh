#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The images of GPU kernels in the library: every format for every target, all of it embedded, and nothing in them that would
# be slow or not load. `ptx.sh --table` prints what each kernel costs instead.
source "$(dirname "$0")/support/common.sh"

images=artifacts/cmake/release/images
targets="75 80"
formats=$(sed -n 's/^  X(\([A-Z0-9_]*\),.*/\1/p' native/formats/formats.h)

read_image() { # format, target, file, [-v table=1]
  awk -v format="$1" -v target="$2" "${@:4}" -f tests/checks/support/ptx.awk "$3"
}

if [[ ${1-} == --table ]]; then
  for format in $formats; do
    read_image "$format" 80 "$images/$format.sm_80.ptx" -v table=1
  done
  exit
fi

if [[ ! -e $images ]]; then
  skip "images of GPU kernels" "the library was built without them (no clang, or QUANTNET_CUDA=OFF)"
  exit
fi

faults() { # format, target, file
  if [[ -e $3 ]]; then read_image "$@"; else echo "there is no $3"; fi
}

for format in $formats; do
  for target in $targets; do
    clean "image of $format for sm_$target" faults "$format" "$target" "$images/$format.sm_$target.ptx"
  done
done

# Each image is in the library as it is on disk: its name, text and final zero.
embedded() {
  local format target entry found
  for format in $formats; do
    for entry in f32 f16 bf16; do
      found=$(grep -acF ".visible .entry ${format}_$entry(" "$1" || true)
      [[ $found == 2 ]] || echo "the library has $found images with ${format}_$entry, 2 are expected"
    done
  done
}
clean "all images are in the library" embedded "$library"
sed 's/\.entry Q6_K_bf16(/.entry Q6_K_bf61(/' "$library" >"$temp/library"
caught "planted: a missing kernel" embedded "$temp/library"

planted() { # what, sed program, [format, target]
  local format=${3-Q4_K} target=${4-75}
  sed "$2" "$images/$format.sm_$target.ptx" >"$temp/planted.ptx"
  caught "planted: $1" faults "$format" "$target" "$temp/planted.ptx"
}
caught "planted: a missing image" faults Q4_K 75 "$temp/none.ptx"
planted "another target" 's/^\.target sm_75/.target sm_80/'
planted "a newer language" 's/^\.version .*/.version 8.5/'
planted "local memory" 's/^{$/{\n\t.local .align 4 .b8 \t__local_depot0[40];/'
planted "a symbol from elsewhere" 's/^\.address_size.*/&\n.extern .func helper/'
planted "a weak symbol" 's/^\.shared/.weak .shared/'
planted "a call" 's/^\tbar\.sync.*/&\n\tcall.uni helper;/'
planted "double precision" 's/mul\.rn\.f32/mul.rn.f64/'
planted "memory of no stated kind" 's/st\.global\.v4\.u32/st.v4.u32/'
planted "narrow stores" 's/st\.global\.v4/st.global.v2/'
planted "an instruction of newer GPUs" 's/cvt\.rn\.f16\.f32/cvt.rn.f16x2.f32/'
planted "flushed subnormals" 's/mul\.rn\.f32/mul.rn.ftz.f32/'
planted "a missing entry" 's/\.entry Q4_K_bf16/.entry Q4_K_other/'
planted "CUDA blocks of any size" '/^\.maxntid/d'
