// SPDX-License-Identifier: MIT
//
// Rows by a list of their numbers.
#include "support/device.h"
#include "support/guarded.h"
#include "support/reference.h"

using namespace test;

namespace {

class Rows : public EachFormatAndSet {};

TEST_P(Rows, AreThoseOfTheWholeMatrix) {
  constexpr size_t kRows = 37;
  for (const uint32_t threads : {1u, 3u}) {
    const Device device = open_cpu(set().isa, threads);
    for (const size_t blocks_per_row : {size_t{1}, size_t{3}, size_t{9000} / format().values_per_block + 1}) {
      const uint64_t values_per_row = blocks_per_row * format().values_per_block;
      const auto source = Random(seed()).bytes(kRows * blocks_per_row * format().bytes_per_block);
      const std::vector<uint64_t> rows = {36, 0, 5, 5, 17, 0, 1, 35};
      for (const qn_format output : kOutputs) {
        const auto matrix = dequantize(device.get(), format().format, source, output);
        const size_t row_size = values_per_row * output_size(output);
        std::vector<uint8_t> expected, found(rows.size() * row_size);
        for (const uint64_t row : rows)
          expected.insert(expected.end(), matrix.data() + row * row_size, matrix.data() + (row + 1) * row_size);
        ASSERT_EQ(QN_OK, qn_dequantize_rows(device.get(), format().format, source.data(), source.size(), values_per_row,
                                            rows.data(), rows.size(), output, found.data(), found.size()))
            << qn_last_error();
        ASSERT_EQ("", difference(expected, found, output));
      }
    }
  }
}

EACH_FORMAT_AND_SET(Rows);

class RowArguments : public testing::Test {
 protected:
  qn_status call(uint64_t values_per_row, std::vector<uint64_t> rows, size_t source_size = 4 * 34,
                 size_t destination_size = 1024) {
    return qn_dequantize_rows(device_.get(), QN_FORMAT_Q8_0, source_, source_size, values_per_row, rows.data(),
                              rows.size(), QN_FORMAT_F32, destination_, destination_size);
  }
  Device device_ = open_cpu();
  uint8_t source_[4 * 34] = {};
  uint8_t destination_[1024] = {};
};

TEST_F(RowArguments, AreChecked) {
  EXPECT_EQ(QN_OK, call(64, {0, 1}));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(64, {0, 2}));
  EXPECT_STREQ("rows[1] is 2, expected less than 2", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(64, {UINT64_MAX}));
  EXPECT_EQ(QN_ERROR_SIZE, call(0, {0}));
  EXPECT_EQ(QN_ERROR_SIZE, call(33, {0}));
  EXPECT_EQ(QN_ERROR_SIZE, call(96, {0}));
  EXPECT_STREQ("136 bytes of Q8_0 are not whole rows of 96 weights", qn_last_error());
  EXPECT_EQ(QN_ERROR_SIZE, call(256, {0}));
  EXPECT_EQ(QN_ERROR_SIZE, call(uint64_t{1} << 63, {0}));
  EXPECT_EQ(QN_ERROR_SIZE, call((UINT64_MAX / 32) * 32, {0}));
  EXPECT_EQ(QN_ERROR_SIZE, call(64, {0, 1, 0, 1, 0}, 4 * 34, 5 * 256 - 1));
}

// A wrong count shows in the room for the results, before the list is read beyond its end.
TEST_F(RowArguments, AreNotReadWhenTheResultsDoNotFit) {
  Guarded rows(sizeof(uint64_t));
  std::memset(rows.data(), 0, rows.size());
  EXPECT_EQ(QN_ERROR_SIZE, qn_dequantize_rows(device_.get(), QN_FORMAT_Q8_0, source_, 4 * 34, 64,
                                              reinterpret_cast<const uint64_t*>(rows.data()), size_t{1} << 40,
                                              QN_FORMAT_F32, destination_, 1024));
}

// Results would overwrite row numbers that were found to be right.
TEST_F(RowArguments, MayNotOverlapTheDestination) {
  alignas(uint64_t) uint8_t destination[1024 + 16] = {};
  auto* const rows = reinterpret_cast<uint64_t*>(destination + 512);
  const auto call = [&](uint8_t* to) {
    return qn_dequantize_rows(device_.get(), QN_FORMAT_Q8_0, source_, sizeof source_, 64, rows, 2, QN_FORMAT_F32, to,
                              512);
  };
  EXPECT_EQ(QN_OK, call(destination));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(destination + 4));
  EXPECT_STREQ("rows and destination overlap", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(destination + 524));
  EXPECT_EQ(QN_OK, call(destination + 528));
}

TEST_F(RowArguments, MayNameNoRows) {
  EXPECT_EQ(QN_OK, call(64, {}));
  EXPECT_EQ(QN_OK, call(64, {}, 0, 0));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(64, {0}, 0));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_dequantize_rows(device_.get(), QN_FORMAT_Q8_0, source_, 4 * 34, 64, nullptr,
                                                          1, QN_FORMAT_F32, destination_, 1024));
}

}  // namespace
