// SPDX-License-Identifier: MIT
//
// What every format header stands on. A format header describes one format once, for the scalar path, the vector
// kernels, the GPU and the tests alike:
//
//   struct Q4_0 {
//     static constexpr int kValues = 32;   // weights in a block
//     static constexpr int kGroup = 32;    // neighbouring weights that share all their scales
//     static constexpr char kFormula[] = "w = d * (q - 8)";
//     ...fields...                         // bytes only, so that alignment is 1 and byte order is the file's
//     template <int N> QN_HD void decode(int first, float (&w)[N]) const;
//   };
//
// decode() writes the N weights from `first` on. N divides kGroup and `first` is a multiple of N, so they share their
// scales. It is the reference that every other path must equal bit for bit.
//
// Everything here lives in namespace qn::QN_TARGET, a name of its own for each unit that is compiled for an instruction
// set: an inline function compiled with AVX must never become the copy that the linker keeps for everybody.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef QN_TARGET
#define QN_TARGET portable
#endif

#if defined(__CUDACC__) || defined(__CUDA__)
#define QN_HD __attribute__((host)) __attribute__((device)) inline __attribute__((always_inline))
#define QN_TABLE static __attribute__((device)) constexpr
#elif defined(_MSC_VER) && !defined(__clang__)
#define QN_HD __forceinline
#define QN_TABLE static constexpr
#else
#define QN_HD inline __attribute__((always_inline))
#define QN_TABLE static constexpr
#endif

#if defined(__CUDA__) && defined(__clang__)
// The C library declares them for the host alone. All uses have fixed sizes, so none becomes a call.
#define memcpy __builtin_memcpy
#define memset __builtin_memset
#endif

namespace qn::QN_TARGET {

// Multi-byte fields. Files are little-endian, and so is every machine that we run on.
struct Le16 {
  uint8_t bytes[2];
  QN_HD uint32_t get() const { return bytes[0] | uint32_t{bytes[1]} << 8; }
};

struct Le32 {
  uint8_t bytes[4];
  QN_HD uint32_t get() const {
    return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
  }
};

struct Le64 {
  uint8_t bytes[8];
  QN_HD uint64_t get() const {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
      value |= uint64_t{bytes[i]} << 8 * i;
    return value;
  }
};

QN_HD float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

QN_HD uint32_t bits_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

// `value`, or its negative where `negative` is not 0.
QN_HD float negate_if(float value, uint32_t negative) { return negative ? -value : value; }

}  // namespace qn::QN_TARGET
