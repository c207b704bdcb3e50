// SPDX-License-Identifier: MIT
#include "matrices.h"

#include <cmath>
#include <cstring>

#include "reference.h"

namespace test {
namespace {

// A string of 32-bit words that codes of any width are put into, wherever they fall.
class Words {
 public:
  explicit Words(uint64_t count) : bytes_(4 * count) {}

  // Sets `bits` bits of the string that begins with word `first` and goes on every `stride` words.
  void put(uint64_t first, uint64_t stride, uint64_t bit, uint32_t bits, uint32_t value) {
    for (uint32_t i = 0; i < bits; i++) {
      const uint64_t at = bit + i, word = first + at / 32 * stride;
      if (value >> i & 1) bytes_[4 * word + at % 32 / 8] |= static_cast<uint8_t>(1 << at % 8);
    }
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// A matrix before it is packed.
struct Drawn {
  std::vector<uint32_t> codes;   // [rows][columns]
  std::vector<uint32_t> zeros;   // [rows][groups], as they are meant
  std::vector<uint32_t> scales;  // [rows][groups], bits
  std::vector<uint32_t> index;   // [columns]
};

float scale_value(uint32_t bits, qn_format format) {
  if (format == QN_FORMAT_F16) return half_value(static_cast<uint16_t>(bits));
  if (format == QN_FORMAT_BF16) bits <<= 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// AWQ's places of eight outputs in a word, from the four highest bits down: 7 5 3 1 6 4 2 0.
uint32_t awq_nibble(uint64_t output) {
  static const uint32_t from_the_top[] = {7, 5, 3, 1, 6, 4, 2, 0};
  for (uint32_t i = 0; i < 8; i++)
    if (from_the_top[i] == output % 8) return 7 - i;
  return 0;
}

uint64_t awq_gemv_width(uint64_t groups, uint64_t group) {
  const uint64_t words = (groups + 7) / 8;
  if (group >= 128) return words;
  return group >= 64 ? (words + 1) / 2 * 2 : (words + 3) / 4 * 4;
}

std::vector<uint8_t> pack_scales(const std::vector<uint32_t>& places, qn_format format) {
  const size_t size = format == QN_FORMAT_F32 ? 4 : 2;
  std::vector<uint8_t> bytes(places.size() * size);
  for (size_t i = 0; i < places.size(); i++)
    std::memcpy(&bytes[i * size], &places[i], size);
  return bytes;
}

}  // namespace

qn_matrix PackedMatrix::view() const {
  qn_matrix matrix{};
  matrix.struct_size = sizeof matrix;
  matrix.layout = shape.layout;
  matrix.rows = shape.rows;
  matrix.columns = shape.columns;
  matrix.group_size = shape.group_size;
  matrix.bits = shape.bits;
  matrix.flags = shape.flags;
  matrix.scale_format = shape.scale_format;
  matrix.codes = codes.data();
  matrix.codes_size = codes.size();
  matrix.scales = scales.data();
  matrix.scales_size = scales.size();
  matrix.zeros = zeros.empty() ? nullptr : zeros.data();
  matrix.zeros_size = zeros.size();
  matrix.group_index = group_index.empty() ? nullptr : group_index.data();
  matrix.group_index_size = group_index.size();
  return matrix;
}

PackedMatrix draw_matrix(const MatrixShape& shape, uint64_t seed) {
  Random random(seed);
  const uint64_t rows = shape.rows, columns = shape.columns, bits = shape.bits;
  const uint64_t group = shape.group_size ? shape.group_size : columns, groups = (columns + group - 1) / group;
  const uint32_t range = 1u << bits;
  const bool plus_one = shape.flags & QN_MATRIX_ZERO_PLUS_ONE, wraps = shape.flags & QN_MATRIX_ZERO_WRAPS;
  Drawn drawn;
  for (uint64_t i = 0; i < rows * columns; i++)
    drawn.codes.push_back(random.next() % range);
  for (uint64_t i = 0; i < rows * groups; i++) {
    // As stored, then as meant.
    uint32_t zero = random.next() % 8 ? random.next() % range : range - 1;
    zero += plus_one;
    if (wraps) zero %= range;
    drawn.zeros.push_back(shape.symmetric ? range / 2 : zero);
    uint32_t scale = static_cast<uint32_t>(random.next());
    if (shape.scale_format != QN_FORMAT_F32) scale &= 0xffff;
    drawn.scales.push_back(scale);
  }
  for (uint64_t i = 0; i < columns; i++)
    drawn.index.push_back(static_cast<uint32_t>(shape.indexed ? random.next() % groups : i / group));

  PackedMatrix packed{shape, {}, {}, {}, {}, std::vector<float>(rows * columns)};
  for (uint64_t o = 0; o < rows; o++)
    for (uint64_t i = 0; i < columns; i++) {
      const uint64_t at = o * groups + drawn.index[i];
      const double difference = double(drawn.codes[o * columns + i]) - double(drawn.zeros[at]);
      const double scale = scale_value(drawn.scales[at], shape.scale_format);
      packed.weights[o * columns + i] = static_cast<float>(difference * scale);
    }

  // Where things stand: the words of codes and zeros, and the scales.
  const bool gemv = shape.layout == QN_MATRIX_AWQ_GEMV;
  const uint64_t width = awq_gemv_width(groups, group);
  Words codes(gemv ? rows * columns / 8 : rows * columns * bits / 32);
  Words zeros(gemv ? rows * width : rows * groups * bits / 32);
  std::vector<uint32_t> scales(gemv ? rows * width * 8 : rows * groups);
  for (uint64_t o = 0; o < rows; o++) {
    for (uint64_t i = 0; i < columns; i++) {
      const uint32_t code = drawn.codes[o * columns + i];
      if (shape.layout == QN_MATRIX_GPTQ) codes.put(o, rows, i * bits, shape.bits, code);
      if (shape.layout == QN_MATRIX_AWQ_GEMM) codes.put(i * rows / 8 + o / 8, 1, awq_nibble(o) * 4, 4, code);
      if (gemv) codes.put(o * columns / 8, 1, i * 4, 4, code);
    }
    for (uint64_t g = 0; g < groups; g++) {
      const uint32_t stored = (drawn.zeros[o * groups + g] - plus_one) & (range - 1);
      if (shape.layout == QN_MATRIX_GPTQ) zeros.put(g * rows * bits / 32, 1, o * bits, shape.bits, stored);
      if (shape.layout == QN_MATRIX_AWQ_GEMM) zeros.put(g * rows / 8 + o / 8, 1, awq_nibble(o) * 4, 4, stored);
      if (gemv) zeros.put(o * width, 1, g * 4, 4, stored);
      scales[gemv ? o * width * 8 + g : g * rows + o] = drawn.scales[o * groups + g];
    }
  }
  packed.codes = codes.take();
  if (!shape.symmetric) packed.zeros = zeros.take();
  packed.scales = pack_scales(scales, shape.scale_format);
  if (shape.indexed) packed.group_index = pack_scales(drawn.index, QN_FORMAT_F32);
  return packed;
}

std::vector<MatrixShape> matrix_shapes() {
  std::vector<MatrixShape> shapes;
  Random random(1);
  const auto any = [&](std::initializer_list<uint64_t> choices) {
    return choices.begin()[random.next() % choices.size()];
  };
  const auto scale_format = [&] { return static_cast<qn_format>(any({QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16})); };
  for (int i = 0; i < 12; i++) {
    for (const uint32_t bits : {2u, 3u, 4u, 8u}) {
      const uint64_t multiple = bits == 3 ? 32 : 32 / bits;
      const bool plus_one = i % 2;
      shapes.push_back({QN_MATRIX_GPTQ, bits, multiple * (1 + random.next() % (256 / multiple)),
                        multiple * (1 + random.next() % (256 / multiple)), any({0, 8, 32, 40, 128}), scale_format(),
                        i % 5 == 0, i % 3 == 0,
                        plus_one ? QN_MATRIX_ZERO_PLUS_ONE | (i % 4 == 1 ? QN_MATRIX_ZERO_WRAPS : 0) : 0u});
    }
    shapes.push_back({QN_MATRIX_AWQ_GEMM, 4, 8 * (1 + random.next() % 40), 1 + random.next() % 200,
                      any({0, 16, 32, 64, 100, 128}), scale_format(), i % 5 == 0, false, 0});
    shapes.push_back({QN_MATRIX_AWQ_GEMV, 4, 1 + random.next() % 200, 8 * (1 + random.next() % 40),
                      any({0, 16, 32, 64, 100, 128}), scale_format(), i % 5 == 0, false, 0});
  }
  return shapes;
}

std::string describe(const MatrixShape& s) {
  static const char* const names[] = {"", "GPTQ", "AWQ_GEMM", "AWQ_GEMV"};
  return std::string(names[s.layout]) + " " + std::to_string(s.bits) + " bits, " + std::to_string(s.rows) + " x " +
         std::to_string(s.columns) + ", groups of " + std::to_string(s.group_size) + ", scales " +
         std::to_string(s.scale_format) + (s.symmetric ? ", symmetric" : "") + (s.indexed ? ", indexed" : "") +
         ", flags " + std::to_string(s.flags);
}

}  // namespace test
