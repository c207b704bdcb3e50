// SPDX-License-Identifier: MIT
//
// Sources and destinations of any length at any address: nothing is read or written beside them.
#include <algorithm>

#include "support/device.h"
#include "support/guarded.h"
#include "support/reference.h"

using namespace test;

namespace {

class Buffers : public EachFormatAndSet {
 protected:
  void SetUp() override {
    EachFormatAndSet::SetUp();
    if (!IsSkipped()) device_ = open_cpu(set().isa);
  }
  std::vector<uint8_t> blocks(size_t count) { return Random(seed() + count).bytes(count * format().bytes_per_block); }
  Device device_;
};

TEST_P(Buffers, EndAndBeginAtUnreadablePages) {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{3}, size_t{15}, size_t{16}, size_t{17}, size_t{100}}) {
    const auto source = blocks(count);
    for (const qn_format output : kOutputs) {
      const auto expected = dequantize(device_.get(), format().format, source, output);
      for (const Guard guard : {Guard::kBehind, Guard::kBefore}) {
        Guarded from(source, guard), to(expected.size(), guard);
        ASSERT_EQ(QN_OK, qn_dequantize(device_.get(), format().format, from.data(), from.size(), output, to.data(),
                                       to.size()));
        ASSERT_EQ("", difference(expected, to.content(), output)) << count << " blocks, output " << output;
      }
    }
  }
}

TEST_P(Buffers, StandAtAnyAddress) {
  const auto source = blocks(19);
  for (const qn_format output : kOutputs) {
    const auto expected = dequantize(device_.get(), format().format, source, output);
    for (size_t shift = 0; shift < 65; shift += shift < 8 ? 1 : 19) {
      std::vector<uint8_t> from(source.size() + 64), to(expected.size() + 64 + 8, 0xa5);
      std::copy(source.begin(), source.end(), from.begin() + static_cast<std::ptrdiff_t>(64 - shift % 64));
      uint8_t* const at = to.data() + shift;
      // The destination may be longer than needed.
      ASSERT_EQ(QN_OK, qn_dequantize(device_.get(), format().format, from.data() + 64 - shift % 64, source.size(),
                                     output, at, expected.size() + 4));
      ASSERT_EQ("", difference(expected, {at, at + expected.size()}, output)) << "shift " << shift;
      for (size_t i = 0; i < to.size(); i++)
        ASSERT_TRUE(to[i] == 0xa5 || (i >= shift && i < shift + expected.size())) << "byte " << i << " was written";
    }
  }
}

// A part of the blocks decodes to the same part of the weights.
TEST_P(Buffers, DecodeFromAnyBlock) {
  const auto source = blocks(40);
  const size_t size = format().bytes_per_block;
  const auto all = dequantize(device_.get(), format().format, source, QN_FORMAT_F32);
  const size_t weights = format().values_per_block * size_t{4};
  for (const size_t first : {size_t{0}, size_t{1}, size_t{7}, size_t{39}})
    for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, size_t{32}}) {
      if (first + count > 40) continue;
      const std::vector<uint8_t> part(source.data() + first * size, source.data() + (first + count) * size);
      const std::vector<uint8_t> expected(all.data() + first * weights, all.data() + (first + count) * weights);
      ASSERT_EQ("",
                difference(expected, dequantize(device_.get(), format().format, part, QN_FORMAT_F32), QN_FORMAT_F32));
    }
}

// Enough work for all threads of a pool: the same results for any number of them.
TEST_P(Buffers, AreSharedByThreads) {
  const size_t count = (short_mode() ? 100000u : 500000u) / format().values_per_block + 3;
  const auto source = blocks(count);
  const auto expected = dequantize(device_.get(), format().format, source, QN_FORMAT_BF16);
  for (const uint32_t threads : {2u, 5u}) {
    const Device pool = open_cpu(set().isa, threads);
    ASSERT_EQ("",
              difference(expected, dequantize(pool.get(), format().format, source, QN_FORMAT_BF16), QN_FORMAT_BF16));
  }
}

// Results beyond the caches take another way to memory, aligned or not; the bits and the bytes beside them are the
// same.
TEST_P(Buffers, MayBeLargerThanTheCaches) {
  constexpr size_t kWeights = 2500000;
  const size_t count = kWeights / format().values_per_block;
  const auto source = blocks(count);
  const Device pool = open_cpu(set().isa, 2);
  for (const qn_format output : kOutputs) {
    const size_t block = format().values_per_block * output_size(output), piece = 10000 / format().values_per_block + 1;
    std::vector<uint8_t> expected(count * block), found(count * block + 256);
    for (size_t i = 0; i < count; i += piece) {
      const size_t now = std::min(piece, count - i);
      ASSERT_EQ(QN_OK, qn_dequantize(device_.get(), format().format, source.data() + i * format().bytes_per_block,
                                     now * format().bytes_per_block, output, expected.data() + i * block, now * block));
    }
    const size_t to_line = 64 - reinterpret_cast<uintptr_t>(found.data()) % 64;
    for (const size_t shift : {to_line, to_line + 4, to_line + 63}) {
      std::fill(found.begin(), found.end(), uint8_t{0xa5});
      uint8_t* const at = found.data() + shift;
      ASSERT_EQ(QN_OK,
                qn_dequantize(pool.get(), format().format, source.data(), source.size(), output, at, count * block));
      ASSERT_EQ("", difference(expected, {at, at + count * block}, output)) << qn_last_kernel() << ", shift " << shift;
      ASSERT_TRUE(at[-1] == 0xa5 && at[count * block] == 0xa5) << "a byte beside the destination was written";
    }
  }
}

TEST_P(Buffers, MayBeLargerThanTheCachesAsRows) {
  const size_t blocks_per_row = 3000 / format().values_per_block + 1;
  const size_t values = blocks_per_row * format().values_per_block;
  const auto source = blocks(4 * blocks_per_row);
  std::vector<uint64_t> rows((size_t{4} << 20) / (values * 2) + 3);
  for (size_t i = 0; i < rows.size(); i++)
    rows[i] = i * 7 % 4;
  const Device pool = open_cpu(set().isa, 2);
  for (const qn_format output : kOutputs) {
    const size_t row_size = values * output_size(output);
    const auto matrix = dequantize(device_.get(), format().format, source, output);
    std::vector<uint8_t> expected, found(rows.size() * row_size);
    for (const uint64_t row : rows)
      expected.insert(expected.end(), matrix.data() + row * row_size, matrix.data() + (row + 1) * row_size);
    ASSERT_EQ(QN_OK, qn_dequantize_rows(pool.get(), format().format, source.data(), source.size(), values, rows.data(),
                                        rows.size(), output, found.data(), found.size()));
    ASSERT_EQ("", difference(expected, found, output)) << qn_last_kernel();
  }
}

EACH_FORMAT_AND_SET(Buffers);

}  // namespace
