// SPDX-License-Identifier: MIT
//
// The loops over numbers and blocks, and the table of encoders. Included by each unit that is compiled for an
// instruction set; the encoders are plain code, as good as the compiler makes it for the set.

#include "../formats/encode/encoders.h"
#include "../formats/formats.h"
#include "encoder_kernels.h"

namespace qn::QN_TARGET {

template <class Format>
inline constexpr bool kHasEncoder = requires(const Values& v, Format& block) { encode(v, block); };

template <class Format>
void encode_kernel(const float* numbers, const float* importance, float row_mean_square, uint8_t* destination,
                   size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    const size_t at = i * Format::kValues;
    const Values values{numbers + at, importance ? importance + at : nullptr, row_mean_square};
    Format block;
    encode(values, block);
    memcpy(destination + i * sizeof block, &block, sizeof block);
  }
}

template <class Format>
constexpr EncodeKernel encoder_of() {
  if constexpr (kHasEncoder<Format>) {
    return encode_kernel<Format>;
  } else {
    return nullptr;
  }
}

// T is the format of the source: F32, F16 or BF16.
template <class T>
bool load_kernel(const uint8_t* source, float* numbers, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    T number;
    memcpy(&number, source + i * sizeof number, sizeof number);
    const float value = Half::to_plain_nan(number.to_float());
    const uint32_t bits = bits_from_float(value) & 0x7fffffffu;
    largest = largest > bits ? largest : bits;
    numbers[i] = value;
  }
  return largest < 0x7f800000u;
}

inline float add_squares(float sum, const float* numbers, size_t count) {
  for (size_t i = 0; i < count; i++)
    sum += numbers[i] * numbers[i];
  return sum;
}

static constexpr EncoderRow kEncoderRows[] = {
#define QN_ROW(format, number)                                                  \
  {encoder_of<format>(),                                                        \
   kNeedsRow<format>,                                                           \
   kNeedsImportance<format>,                                                    \
   {QN_STRING(QN_TARGET) "/f32/" #format, QN_STRING(QN_TARGET) "/f16/" #format, \
    QN_STRING(QN_TARGET) "/bf16/" #format}},
    QN_FORMATS(QN_ROW)
#undef QN_ROW
};

extern const EncoderSet kEncoders = {
    kEncoderRows, {load_kernel<F32>, load_kernel<F16>, load_kernel<BF16>}, add_squares};

}  // namespace qn::QN_TARGET
