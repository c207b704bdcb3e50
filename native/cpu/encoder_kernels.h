// SPDX-License-Identifier: MIT
//
// What a unit compiled for an instruction set exports for encoding: a row for each format, in the order of QN_FORMATS,
// and how numbers are read. Declarations only, as in kernels.h.
#pragma once

#include "kernels.h"

namespace qn {

// Encodes `blocks` whole blocks of numbers. `importance` has as many, or is nullptr. Pure, like all kernels.
using EncodeKernel = void (*)(const float* numbers, const float* importance, float row_mean_square,
                              uint8_t* destination, size_t blocks);

// Searches on from `blocks` blocks that were encoded from these numbers.
using ImproveKernel = void (*)(const float* numbers, const float* importance, uint8_t* encoded, size_t blocks);

struct EncoderRow {
  EncodeKernel encode;          // nullptr: there is no encoder for this format
  ImproveKernel improve;        // nullptr: there is no longer search for this format
  bool needs_row;               // with an importance matrix, row_mean_square must be given
  bool needs_importance;        // importance must be given
  bool tuned;                   // written by hand for this format
  const char* names[kOutputs];  // by the format of the source, such as "avx512/f32/Q4_K"
};

// Reads `count` numbers of any address as floats; false if one of them is not finite. A NaN becomes the plain one.
using LoadKernel = bool (*)(const uint8_t* source, float* numbers, size_t count);

// Adds the squares of `count` numbers of each of several rows, which are `stride` apart, to a sum for each row, one
// after the other. One row alone would wait for its additions.
inline constexpr size_t kRowsTogether = 4;
using SquareKernel = void (*)(float (&sums)[kRowsTogether], const float* numbers, size_t stride, size_t count);

struct EncoderSet {
  const EncoderRow* rows;
  LoadKernel load[kOutputs];  // by the format of the source
  SquareKernel add_squares;
};

#define QN_DECLARE_ENCODERS(target)  \
  namespace target {                 \
  extern const EncoderSet kEncoders; \
  }

QN_DECLARE_ENCODERS(scalar)
QN_DECLARE_ENCODERS(avx2)
QN_DECLARE_ENCODERS(avx512)

#undef QN_DECLARE_ENCODERS

}  // namespace qn
