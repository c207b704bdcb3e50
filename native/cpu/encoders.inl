// SPDX-License-Identifier: MIT
//
// The loops over numbers and blocks, and the table of encoders. Included last by each unit that is compiled for an
// instruction set, after the vector encoders that the unit has (kernels/encode_*.h); formats that have none are encoded
// by plain code, as good as the compiler makes it for the set.

#include "../formats/encode/improve.h"
#include "../formats/formats.h"
#include "encoder_kernels.h"
#include "kernels/encode_batch.h"

namespace qn::QN_TARGET {

template <class Format>
inline constexpr bool kHasEncoder = requires(const Values& v, Format& block) { encode(v, block); };

template <class Format>
void encode_kernel(const float* numbers, const float* importance, float row_mean_square, uint8_t* destination,
                   size_t blocks) {
  constexpr size_t kCount = kBatch<Format>, kNumbers = kCount * Format::kValues;
  using Batch = Format[kCount];  // has alignment 1 and holds only bytes, as all format structs
  if (kCount > 1 && blocks < kCount) {
    float few_numbers[kNumbers] = {}, few_importance[kNumbers] = {};
    uint8_t few_blocks[sizeof(Batch)];
    memcpy(few_numbers, numbers, blocks * Format::kValues * sizeof(float));
    if (importance) memcpy(few_importance, importance, blocks * Format::kValues * sizeof(float));
    encode_kernel<Format>(few_numbers, importance ? few_importance : nullptr, row_mean_square, few_blocks, kCount);
    memcpy(destination, few_blocks, blocks * sizeof(Format));
    return;
  }
  for (size_t i = 0; i < blocks; i += kCount) {
    // The last batch takes some of the blocks before it once more.
    const size_t first = i + kCount <= blocks ? i : blocks - kCount;
    const size_t at = first * Format::kValues;
    encode_batch(Values{numbers + at, importance ? importance + at : nullptr, row_mean_square},
                 reinterpret_cast<Batch&>(destination[first * sizeof(Format)]));
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

template <class Result>
inline constexpr bool kByHand = true;
template <>
inline constexpr bool kByHand<PlainCode> = false;

// Is there a vector encoder?
template <class Format>
constexpr bool is_tuned() {
  if constexpr (kHasEncoder<Format>) {
    using Batch = Format[kBatch<Format>];
    return kByHand<decltype(encode_batch(Values(), *static_cast<Batch*>(nullptr)))>;
  } else {
    return false;
  }
}

template <class Format>
inline constexpr bool kCanImprove = requires { CodeLimits<Format>::kLow; };

template <class Format>
void improve_kernel(const float* numbers, const float* importance, uint8_t* encoded, size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    const size_t at = i * Format::kValues;
    Format block;
    memcpy(&block, encoded + i * sizeof block, sizeof block);
    improve(Values{numbers + at, importance ? importance + at : nullptr, 0}, block);
    memcpy(encoded + i * sizeof block, &block, sizeof block);
  }
}

template <class Format>
constexpr ImproveKernel improver_of() {
  if constexpr (kCanImprove<Format>) {
    return improve_kernel<Format>;
  } else {
    return nullptr;
  }
}

inline constexpr uint32_t kInfinity = 0x7f800000u;

// T is the format of the source: F32, F16 or BF16.
template <class T>
bool load_kernel(const uint8_t* source, float* numbers, size_t count) {
  uint32_t largest = 0;
  size_t i = 0;
#ifdef QN_VECTOR_ENCODERS
  Ints largest_bits = splat_int(0);
  for (; i + 16 <= count; i += 16)
    largest_bits = load_batch(reinterpret_cast<const T*>(source) + i, numbers + i, largest_bits);
  if (!all_finite(largest_bits)) largest = kInfinity;
#endif
  for (; i < count; i++) {
    T number;
    memcpy(&number, source + i * sizeof number, sizeof number);
    const float value = Half::to_plain_nan(number.to_float());
    const uint32_t bits = bits_from_float(value) & 0x7fffffffu;
    largest = largest > bits ? largest : bits;
    numbers[i] = value;
  }
  return largest < kInfinity;
}

inline void add_squares(float (&sums)[kRowsTogether], const float* numbers, size_t stride, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t row = 0; row < kRowsTogether; row++)
      sums[row] += numbers[row * stride + i] * numbers[row * stride + i];
}

static constexpr EncoderRow kEncoderRows[] = {
#define QN_ROW(format, number)                                                  \
  {encoder_of<format>(),                                                        \
   improver_of<format>(),                                                       \
   kNeedsRow<format>,                                                           \
   kNeedsImportance<format>,                                                    \
   is_tuned<format>(),                                                          \
   {QN_STRING(QN_TARGET) "/f32/" #format, QN_STRING(QN_TARGET) "/f16/" #format, \
    QN_STRING(QN_TARGET) "/bf16/" #format}},
    QN_FORMATS(QN_ROW)
#undef QN_ROW
};

extern const EncoderSet kEncoders = {
    kEncoderRows, {load_kernel<F32>, load_kernel<F16>, load_kernel<BF16>}, add_squares};

}  // namespace qn::QN_TARGET
