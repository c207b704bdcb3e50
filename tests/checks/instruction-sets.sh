#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# No unit contains an instruction outside its set. The assembler decides: each object is disassembled, and `as`, told to know
# only the instructions of the set, must accept every line of it.
source "$(dirname "$0")/support/common.sh"

baseline=generic64
avx2=$baseline+avx2+fma+f16c+bmi+bmi2
avx512=$avx2+avx512f+avx512bw+avx512dq+avx512vl+avx512cd
avx512vbmi=$avx512+avx512vbmi+avx512_vbmi2+avx512_vnni

# The instructions of an object, as the assembler reads them, each once. Left out are those that every processor has and that
# a disassembler writes in its own way: jumps and calls with their addresses, padding.
instructions() {
  objdump -d --no-show-raw-insn "$1" | awk '
    !/^ +[0-9a-f]+:\t/ {next}
    {sub(/^ +[0-9a-f]+:\t/, ""); sub(/ +#.*/, ""); sub(/ +<.*/, ""); gsub(/[ \t]+/, " ")}
    /^((bnd|notrack|data16|cs|rex.W) )*(j[a-z]+|call|nop[wl]?)( |$)/ {next}
    {print}' | sort -u
}

# Reads instructions and prints those that are not in the set.
outside() {
  cat >"$temp/unit.s"
  [[ -s $temp/unit.s ]] || echo "no instructions found"
  as -march="$1" -o /dev/null "$temp/unit.s" 2>&1 | sed -n 's/^.*Error: //p' | sort -u | head -n 5
}

set_of() {
  case $1 in
    */avx2.cpp.o | */avx2_encoders.cpp.o | */avx2_matrices.cpp.o) echo "$avx2" ;;
    */avx512.cpp.o | */avx512_encoders.cpp.o | */avx512_matrices.cpp.o) echo "$avx512" ;;
    */avx512vbmi.cpp.o) echo "$avx512vbmi" ;;
    */features.cpp.o) echo "$baseline+xsave" ;; # asks with XGETBV what the operating system saves, after CPUID says that it may
    *) echo "$baseline" ;;
  esac
}

# All but the images for GPUs, which are data.
units=$(find "$objects" -name '*.o' ! -path '*/images/*' ! -name no_images.cpp.o | sort)
[[ -n $units ]] || fail "instruction sets" "no objects in $objects"
for unit in $units; do
  clean "instructions of ${unit#"$objects/"}" outside "$(set_of "$unit")" < <(instructions "$unit")
done

# A unit of a higher set has instructions that the lower set lacks; else it would be no set of its own, or the check blind.
caught "the avx2 unit is no baseline code" outside "$baseline" < <(instructions "$objects/cpu/avx2.cpp.o")
caught "the avx512 unit is no avx2 code" outside "$avx2" < <(instructions "$objects/cpu/avx512.cpp.o")
caught "the avx512vbmi unit is no avx512 code" outside "$avx512" < <(instructions "$objects/cpu/avx512vbmi.cpp.o")

planted() { # set, instructions
  local instruction
  for instruction in "${@:2}"; do
    caught "planted in $1: $instruction" outside "${!1}" <<<"$instruction"
  done
}
planted baseline 'haddps %xmm0,%xmm1' 'pshufb %xmm0,%xmm1' 'pmulld %xmm0,%xmm1' 'crc32b %al,%ebx' 'popcnt %eax,%ebx' \
  'lzcnt %eax,%ebx' 'andn %eax,%ebx,%ecx' 'movbe (%rax),%ebx' 'vmovaps %xmm0,%xmm1' 'xgetbv'
planted avx2 'vpaddd %ymm17,%ymm1,%ymm2' 'vaddps %zmm0,%zmm1,%zmm2' 'vmovdqu32 %ymm0,%ymm1{%k1}' 'kandw %k1,%k2,%k3' \
  '{vex} vpdpbusd %ymm0,%ymm1,%ymm2' 'vaesenc %ymm1,%ymm2,%ymm3' 'vgf2p8mulb %ymm1,%ymm2,%ymm3'
planted avx512 'vpermb %zmm0,%zmm1,%zmm2' 'vpcompressb %zmm0,%zmm1{%k1}' 'vpdpbusd %zmm0,%zmm1,%zmm2' \
  'vpopcntd %zmm0,%zmm1' 'vpmadd52luq %zmm0,%zmm1,%zmm2' 'vdpbf16ps %zmm0,%zmm1,%zmm2'
planted avx512vbmi 'vpopcntb %zmm0,%zmm1' 'vpshufbitqmb %zmm0,%zmm1,%k1' 'vpmadd52luq %zmm0,%zmm1,%zmm2' \
  'vdpbf16ps %zmm0,%zmm1,%zmm2' 'vaddph %zmm0,%zmm1,%zmm2' 'vgf2p8mulb %zmm1,%zmm2,%zmm3'
