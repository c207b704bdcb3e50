// SPDX-License-Identifier: MIT
//
// 4-bit floats, E2M1, as safetensors files have them: inputs 2 k and 2 k + 1 in the low and high nibble of byte k of an
// output. (GGUF pairs others; see mxfp4.h and nvfp4.h.) Code 8 is -0.
//
// MXFP4_ROWS: a scale of E8M0 for 32 inputs.
//   w[o][i] = 2^(scales[o][i / 32] - 127) * E2M1(q)
//   Scale 255 is 2^128, infinite, as all projects compute it; so code 0 is NaN there.
//
// NVFP4_ROWS: a scale of E4M3 for 16 inputs, and a float32 for the matrix.
//   w[o][i] = E2M1(q) * f32(E4M3(scales[o][i / 16]) / global)     compressed-tensors
//   w[o][i] = E2M1(q) * f32(E4M3(scales[o][i / 16]) * global)     ModelOpt
//
// Source of the layouts: gpt-oss, gpt_oss/torch/weights.py; compressed-tensors, src/compressed_tensors/compressors
// (mxfp4, nvfp4); TensorRT-Model-Optimizer, modelopt/torch/quantization/qtensor/nvfp4_tensor.py. Of the numbers: OCP
// Microscaling Formats (MX) Specification 1.0.
#pragma once

#include "float8.h"

namespace qn::QN_TARGET {

// The values of E2M1 codes, as bits of floats.
QN_TABLE uint32_t kE2M1Bits[16] = {0x00000000, 0x3f000000, 0x3f800000, 0x3fc00000, 0x40000000, 0x40400000,
                                   0x40800000, 0x40c00000, 0x80000000, 0xbf000000, 0xbf800000, 0xbfc00000,
                                   0xc0000000, 0xc0400000, 0xc0800000, 0xc0c00000};

// What both have in common.
struct Float4Rows {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 4;
  static constexpr Scales kScales = Scales::kBytes;

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * (m.columns / 2); }
  static uint64_t scale_count(const Matrix& m) { return m.rows * m.groups; }
  static uint64_t zero_bytes(const Matrix&) { return 0; }

  QN_HD static float value(const Matrix& m, uint64_t row, uint64_t column) {
    const uint32_t byte = m.codes[row * (m.columns / 2) + column / 2];
    return float_from_bits(kE2M1Bits[column % 2 ? byte >> 4 : byte & 15]);
  }
};

struct MXFP4_ROWS : Float4Rows {
  static constexpr uint32_t kFlags = 0, kArrays = 0, kNeeded = 0;
  static constexpr uint64_t kGroup = 32;
  static constexpr char kFormula[] = "w = s * q, s of E8M0, q of E2M1";

  static constexpr uint64_t column_multiple(uint32_t) { return kGroup; }

  QN_HD static float scale_of(const Matrix&, uint32_t stored) {
    return float_from_bits(stored ? stored << 23 : 0x00400000);
  }

  QN_HD static float scale(const Matrix& m, uint64_t row, uint64_t group) {
    return scale_of(m, m.scales[row * m.groups + group]);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    return scale(m, row, column / kGroup) * value(m, row, column);
  }
};

struct NVFP4_ROWS : Float4Rows {
  static constexpr uint32_t kFlags = kScalesDivided, kArrays = kGlobalScale, kNeeded = 0;
  static constexpr uint64_t kGroup = 16;
  static constexpr char kFormula[] = "w = s * g * q, s of E4M3, q of E2M1";

  static constexpr uint64_t column_multiple(uint32_t) { return kGroup; }

  QN_HD static float scale_of(const Matrix& m, uint32_t stored) {
    const float own = E4M3::to_float(stored);
    return m.divided ? own / m.global_scale : own * m.global_scale;
  }

  QN_HD static float scale(const Matrix& m, uint64_t row, uint64_t group) {
    return scale_of(m, m.scales[row * m.groups + group]);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    return scale(m, row, column / kGroup) * value(m, row, column);
  }
};

}  // namespace qn::QN_TARGET
