// SPDX-License-Identifier: MIT
//
// CPUID says what the processor has, XGETBV which registers the operating system saves; a set needs both.
// Bits: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID; volume 1, 13.3 (XCR0).
#include "features.h"

#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#define QN_X86 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace qn {
namespace {

#ifdef QN_X86

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r{};
#if defined(_MSC_VER)
  int out[4];
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  memcpy(&r, out, sizeof r);
#else
  __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
#endif
  return r;
}

uint64_t saved_registers() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low | uint64_t{high} << 32;
#endif
}

struct Features {
  Registers leaf1{}, leaf7{};
  bool saves_ymm = false, saves_zmm = false;

  Features() {
    const uint32_t last_leaf = cpuid(0).eax;
    leaf1 = cpuid(1);
    if (last_leaf >= 7) leaf7 = cpuid(7);
    const bool os_uses_xsave = leaf1.ecx >> 27 & 1;
    const uint64_t saved = os_uses_xsave ? saved_registers() : 0;
    saves_ymm = (saved & 0x06) == 0x06;
    saves_zmm = (saved & 0xe6) == 0xe6;
  }
};

struct Requirement {
  qn_isa isa;
  uint32_t Registers::* word;
  bool in_leaf7;
  int bit;
  const char* missing;
};

constexpr Requirement kRequirements[] = {
    {QN_ISA_AVX2, &Registers::ecx, false, 28, "the CPU lacks AVX"},
    {QN_ISA_AVX2, &Registers::ebx, true, 5, "the CPU lacks AVX2"},
    {QN_ISA_AVX2, &Registers::ecx, false, 12, "the CPU lacks FMA"},
    {QN_ISA_AVX2, &Registers::ecx, false, 29, "the CPU lacks F16C"},
    {QN_ISA_AVX2, &Registers::ebx, true, 3, "the CPU lacks BMI1"},
    {QN_ISA_AVX2, &Registers::ebx, true, 8, "the CPU lacks BMI2"},
    {QN_ISA_AVX512, &Registers::ebx, true, 16, "the CPU lacks AVX512F"},
    {QN_ISA_AVX512, &Registers::ebx, true, 30, "the CPU lacks AVX512BW"},
    {QN_ISA_AVX512, &Registers::ebx, true, 17, "the CPU lacks AVX512DQ"},
    {QN_ISA_AVX512, &Registers::ebx, true, 31, "the CPU lacks AVX512VL"},
    {QN_ISA_AVX512, &Registers::ebx, true, 28, "the CPU lacks AVX512CD"},
    {QN_ISA_AVX512VBMI, &Registers::ecx, true, 1, "the CPU lacks AVX512VBMI"},
    {QN_ISA_AVX512VBMI, &Registers::ecx, true, 6, "the CPU lacks AVX512VBMI2"},
    {QN_ISA_AVX512VBMI, &Registers::ecx, true, 11, "the CPU lacks AVX512VNNI"},
};

// "" if the CPU and the operating system have everything that `isa` and the sets below it need.
const char* missing_for(qn_isa isa, const Features& features) {
  for (const Requirement& need : kRequirements) {
    if (need.isa > isa) continue;
    const Registers& leaf = need.in_leaf7 ? features.leaf7 : features.leaf1;
    if (!(leaf.*need.word >> need.bit & 1)) return need.missing;
  }
  if (isa >= QN_ISA_AVX2 && !features.saves_ymm) return "the operating system does not save AVX registers";
  if (isa >= QN_ISA_AVX512 && !features.saves_zmm) return "the operating system does not save AVX-512 registers";
  return "";
}

#endif  // QN_X86

struct Found {
  InstructionSet sets[kInstructionSetCount] = {
      {QN_ISA_SCALAR, "scalar", &scalar::kKernels, scalar::kMatrices, &scalar::kEncoders, ""},
#ifdef QN_X86
      {QN_ISA_AVX2, "avx2", &avx2::kKernels, avx2::kMatrices, &avx2::kEncoders, ""},
      {QN_ISA_AVX512, "avx512", &avx512::kKernels, avx512::kMatrices, &avx512::kEncoders, ""},
      {QN_ISA_AVX512VBMI, "avx512vbmi", &avx512vbmi::kKernels, avx512::kMatrices, &avx512::kEncoders, ""},
#else
      {QN_ISA_AVX2, "avx2", nullptr, nullptr, nullptr, "this build is not for x86-64"},
      {QN_ISA_AVX512, "avx512", nullptr, nullptr, nullptr, "this build is not for x86-64"},
      {QN_ISA_AVX512VBMI, "avx512vbmi", nullptr, nullptr, nullptr, "this build is not for x86-64"},
#endif
  };
  char name[49] = "CPU";

  Found() {
#ifdef QN_X86
    const Features features;
    for (InstructionSet& set : sets)
      set.missing = missing_for(set.isa, features);
    if (cpuid(0x80000000).eax >= 0x80000004) {
      char brand[48];
      for (uint32_t i = 0; i < 3; i++) {
        const Registers part = cpuid(0x80000002 + i);
        memcpy(brand + 16 * i, &part, 16);
      }
      const char* from = brand;
      while (from < brand + sizeof brand && *from == ' ')
        from++;
      const size_t length = strnlen(from, static_cast<size_t>(brand + sizeof brand - from));
      if (length > 0) {
        memcpy(name, from, length);
        name[length] = 0;
      }
    }
#endif
  }
};

const Found& found() {
  static const Found kFound;
  return kFound;
}

}  // namespace

const InstructionSet (&instruction_sets())[kInstructionSetCount] { return found().sets; }

const InstructionSet& best_instruction_set() {
  const auto& sets = instruction_sets();
  size_t best = 0;
  for (size_t i = 0; i < kInstructionSetCount; i++)
    if (!*sets[i].missing) best = i;
  return sets[best];
}

const char* cpu_name() { return found().name; }

}  // namespace qn
