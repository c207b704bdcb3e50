// SPDX-License-Identifier: MIT
//
// Packed matrices: every layout on every instruction set against matrices that the tests pack themselves.
#include <cstring>

#include "support/device.h"
#include "support/guarded.h"
#include "support/matrices.h"
#include "support/random_arrays.h"
#include "support/reference.h"

using namespace test;

namespace {

// Rows or columns [first, first + count) of the weights, in an output format.
std::vector<uint8_t> expected_lines(const PackedMatrix& matrix, qn_order order, uint64_t first, uint64_t count,
                                    qn_format output) {
  const uint64_t rows = matrix.shape.rows, columns = matrix.shape.columns;
  std::vector<uint8_t> weights;
  for (uint64_t line = first; line < first + count; line++)
    for (uint64_t i = 0; i < (order == QN_ORDER_ROWS ? columns : rows); i++) {
      const float weight = matrix.weights[order == QN_ORDER_ROWS ? line * columns + i : i * columns + line];
      const auto* const bytes = reinterpret_cast<const uint8_t*>(&weight);
      weights.insert(weights.end(), bytes, bytes + 4);
    }
  return in_format(weights, output);
}

class Matrices : public testing::TestWithParam<qn_isa_info> {
 protected:
  void SetUp() override {
    if (!GetParam().available) GTEST_SKIP() << GetParam().name << ": " << GetParam().reason;
  }

  static void expect_lines(qn_device* device, const PackedMatrix& matrix, qn_order order, uint64_t first,
                           uint64_t count) {
    const qn_matrix view = matrix.view();
    for (const qn_format output : kOutputs) {
      const auto expected = expected_lines(matrix, order, first, count, output);
      Guarded found(expected.size());
      ASSERT_EQ(QN_OK, qn_dequantize_matrix(device, &view, order, first, count, output, found.data(), found.size()))
          << qn_last_error();
      ASSERT_EQ("", difference(expected, found.content(), output))
          << describe(matrix.shape) << ", order " << order << ", from " << first << ", " << count << " lines";
    }
  }
};

TEST_P(Matrices, AreDecodedInBothOrders) {
  for (const uint32_t threads : {1u, 3u}) {
    const Device device = open_cpu(GetParam().isa, threads);
    for (const MatrixShape& shape : matrix_shapes()) {
      const PackedMatrix matrix = draw_matrix(shape, seed());
      expect_lines(device.get(), matrix, QN_ORDER_ROWS, 0, shape.rows);
      expect_lines(device.get(), matrix, QN_ORDER_COLUMNS, 0, shape.columns);
    }
  }
}

TEST_P(Matrices, AreDecodedInParts) {
  const Device device = open_cpu(GetParam().isa, 2);
  Random random(seed());
  for (const MatrixShape& shape : matrix_shapes()) {
    const PackedMatrix matrix = draw_matrix(shape, seed());
    for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS}) {
      const uint64_t lines = order == QN_ORDER_ROWS ? shape.rows : shape.columns;
      const uint64_t first = random.next() % lines;
      expect_lines(device.get(), matrix, order, first, 1 + random.next() % (lines - first));
    }
  }
}

// Few groups are looked up where an instruction set has that, more are not; large regions have all of them.
TEST_P(Matrices, HaveGroupsInAnyOrder) {
  const Device device = open_cpu(GetParam().isa, 1);
  const auto expect_rows = [&](const MatrixShape& shape) {
    expect_lines(device.get(), draw_matrix(shape, seed()), QN_ORDER_ROWS, 0, shape.rows);
  };
  for (const uint32_t bits : {2u, 3u, 4u, 8u})
    for (const qn_format scales : {QN_FORMAT_F16, QN_FORMAT_BF16, QN_FORMAT_F32})
      for (const uint64_t group_size : {48, 24, 12, 6}) {
        const uint32_t flags = bits % 3 ? QN_MATRIX_ZERO_PLUS_ONE : 0;
        expect_rows({QN_MATRIX_GPTQ, bits, 32, 1056, group_size, scales, false, true, flags});
      }
  expect_rows({QN_MATRIX_GPTQ, 4, 256, 4224, 64, QN_FORMAT_F16, false, true, QN_MATRIX_ZERO_PLUS_ONE});
}

// No array is read beyond its ends, wherever it stands.
TEST_P(Matrices, AreReadWithinTheirArrays) {
  const Device device = open_cpu(GetParam().isa);
  for (const MatrixShape& shape : matrix_shapes()) {
    const PackedMatrix matrix = draw_matrix(shape, seed());
    for (const Guard guard : {Guard::kBehind, Guard::kBefore}) {
      Guarded codes(matrix.codes, guard), scales(matrix.scales, guard), zeros(matrix.zeros, guard),
          index(matrix.group_index, guard);
      qn_matrix view = matrix.view();
      view.codes = codes.data();
      view.scales = scales.data();
      if (view.zeros) view.zeros = zeros.data();
      if (view.group_index) view.group_index = index.data();
      for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS}) {
        const auto expected =
            expected_lines(matrix, order, 0, order == QN_ORDER_ROWS ? shape.rows : shape.columns, QN_FORMAT_BF16);
        std::vector<uint8_t> found(expected.size());
        ASSERT_EQ(QN_OK, qn_dequantize_matrix(device.get(), &view, order, 0,
                                              order == QN_ORDER_ROWS ? shape.rows : shape.columns, QN_FORMAT_BF16,
                                              found.data(), found.size()))
            << qn_last_error();
        ASSERT_EQ("", difference(expected, found, QN_FORMAT_BF16)) << describe(shape);
      }
    }
  }
}

// Large enough that results are streamed; aligned to cache lines and not.
TEST_P(Matrices, AreStreamed) {
  const Device device = open_cpu(GetParam().isa, 2);
  for (const qn_matrix_layout layout : {QN_MATRIX_GPTQ, QN_MATRIX_AWQ_GEMM, QN_MATRIX_AWQ_GEMV}) {
    const MatrixShape shape{layout, 4, 1056, 1120, 32, QN_FORMAT_F16, false, false, 0};
    const PackedMatrix matrix = draw_matrix(shape, seed());
    const qn_matrix view = matrix.view();
    for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS})
      for (const size_t offset : {size_t{0}, size_t{4}, size_t{32}}) {
        const uint64_t lines = order == QN_ORDER_ROWS ? shape.rows : shape.columns;
        const auto expected = expected_lines(matrix, order, 0, lines, QN_FORMAT_F32);
        std::vector<uint8_t> room(expected.size() + 128);
        uint8_t* const to = room.data() + (-reinterpret_cast<uintptr_t>(room.data()) % 64) + offset;
        ASSERT_EQ(QN_OK, qn_dequantize_matrix(device.get(), &view, order, 0, lines, QN_FORMAT_F32, to, expected.size()))
            << qn_last_error();
        ASSERT_EQ("", difference(expected, {to, to + expected.size()}, QN_FORMAT_F32)) << describe(shape);
      }
  }
}

// So large that regions hold more groups than are kept at a time.
TEST_P(Matrices, AreDecodedInLargeRegions) {
  const Device device = open_cpu(GetParam().isa, 1);
  const MatrixShape shape{QN_MATRIX_AWQ_GEMV, 4, 1056, 4128, 32, QN_FORMAT_F16, false, false, 0};
  expect_lines(device.get(), draw_matrix(shape, seed()), QN_ORDER_COLUMNS, 0, shape.columns);
}

// Whatever the arrays hold, all instruction sets agree with the plain code, and none reads beyond them.
TEST_P(Matrices, HaveTheBitsOfThePlainCode) {
  const Device plain = open_cpu(QN_ISA_SCALAR), two = open_cpu(GetParam().isa, 2), one = open_cpu(GetParam().isa, 1);
  Random random(seed());
  for (size_t i = 0; i < qn_matrix_layout_count(); i++)
    for (int round = 0; round < (short_mode() ? 6 : 24); round++) {
      const bool wide = round % 6 == 5;  // so that regions of one thread have many groups
      const Device& device = wide ? one : two;
      const RandomArrays arrays(static_cast<qn_matrix_layout>(i + 1), random, wide);
      const GuardedArrays guarded(arrays, round % 4 < 2 ? Guard::kBehind : Guard::kBefore);
      for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS}) {
        const bool by_rows = order == QN_ORDER_ROWS, partly = round % 2 && !wide;
        const uint64_t lines = by_rows ? arrays.view.rows : arrays.view.columns;
        const uint64_t first = partly ? random.next() % lines : 0,
                       count = partly ? 1 + random.next() % (lines - first) : lines;
        for (const qn_format output : kOutputs) {
          const size_t size = count * (by_rows ? arrays.view.columns : arrays.view.rows) * output_size(output);
          std::vector<uint8_t> expected(size), found(size);
          ASSERT_EQ(QN_OK,
                    qn_dequantize_matrix(plain.get(), &arrays.view, order, first, count, output, expected.data(), size))
              << qn_last_error();
          ASSERT_EQ(QN_OK,
                    qn_dequantize_matrix(device.get(), &guarded.view, order, first, count, output, found.data(), size))
              << qn_last_error();
          ASSERT_EQ("", difference(expected, found, output))
              << qn_last_kernel() << ", " << arrays.view.rows << " x " << arrays.view.columns << ", groups of "
              << arrays.view.group_size << ", bits " << arrays.view.bits << ", order " << order << ", from " << first;
        }
      }
    }
}

// A kernel that nobody wrote is the compiler's luck. Only AWQ_GEMV_FAST has none yet.
TEST_P(Matrices, HaveHandWrittenKernels) {
  const Device device = open_cpu(GetParam().isa);
  for (size_t i = 0; i < qn_matrix_layout_count(); i++) {
    qn_matrix_layout_info info{};
    info.struct_size = sizeof info;
    ASSERT_EQ(QN_OK, qn_matrix_layout_at(i, &info));
    for (uint32_t bits = 0; bits < 40; bits++)
      for (const qn_format output : kOutputs) {
        qn_capability capability{};
        capability.struct_size = sizeof capability;
        ASSERT_EQ(QN_OK, qn_device_matrix_capability(device.get(), QN_OPERATION_DEQUANTIZE, info.layout, bits,
                                                     QN_ORDER_ROWS, output, &capability));
        const bool exists = bits < 32 && (info.bits >> bits & 1) != 0;
        EXPECT_EQ(exists, capability.supported) << info.name << ", " << bits << " bits";
        EXPECT_EQ(exists && GetParam().isa != QN_ISA_SCALAR && info.layout != QN_MATRIX_AWQ_GEMV_FAST, capability.tuned)
            << info.name << ", " << bits << " bits";
        EXPECT_EQ(exists, std::strstr(capability.kernel, info.name) != nullptr) << capability.kernel;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(, Matrices, testing::ValuesIn(instruction_sets()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(MatrixLayouts, AreListed) {
  ASSERT_EQ(size_t{11}, qn_matrix_layout_count());
  for (size_t i = 0; i < qn_matrix_layout_count(); i++) {
    qn_matrix_layout_info info{};
    info.struct_size = sizeof info;
    ASSERT_EQ(QN_OK, qn_matrix_layout_at(i, &info));
    EXPECT_EQ(static_cast<int>(i + 1), info.layout);
    EXPECT_NE(0u, info.bits);
    EXPECT_STRNE("", info.name);
    EXPECT_STRNE("", info.formula);
  }
  qn_matrix_layout_info info{};
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_matrix_layout_at(0, &info));  // no struct_size
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_matrix_layout_at(qn_matrix_layout_count(), &info));
}

class MatrixArguments : public testing::Test {
 protected:
  // Checks a matrix that was changed in one point.
  template <class Change>
  void expect(qn_status status, const char* line, const Change& change) {
    qn_matrix view = matrix_.view();
    change(view);
    EXPECT_EQ(status, qn_matrix_check(&view)) << line;
    EXPECT_STREQ(line, status == QN_OK ? "" : qn_last_error());
  }

  PackedMatrix matrix_ = draw_matrix({QN_MATRIX_GPTQ, 4, 64, 128, 32, QN_FORMAT_F16, false, true, 0}, 1);
};

TEST_F(MatrixArguments, OfAMatrixAreChecked) {
  expect(QN_OK, "", [](qn_matrix&) {});
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_matrix_check(nullptr));
  expect(QN_ERROR_INVALID_ARGUMENT, "0 is not the number of a matrix layout",
         [](qn_matrix& m) { m.layout = static_cast<qn_matrix_layout>(0); });
  expect(QN_ERROR_INVALID_ARGUMENT, "-1 is not the number of a matrix layout",
         [](qn_matrix& m) { m.layout = static_cast<qn_matrix_layout>(-1); });
  expect(QN_ERROR_UNSUPPORTED, "GPTQ has no codes of 5 bits", [](qn_matrix& m) { m.bits = 5; });
  expect(QN_ERROR_UNSUPPORTED, "GPTQ has no codes of 36 bits", [](qn_matrix& m) { m.bits = 36; });
  expect(QN_ERROR_UNSUPPORTED, "QN_MATRIX_ZERO_WRAPS needs QN_MATRIX_ZERO_PLUS_ONE",
         [](qn_matrix& m) { m.flags = QN_MATRIX_ZERO_WRAPS; });
  expect(QN_ERROR_UNSUPPORTED, "GPTQ has no flag 0x4", [](qn_matrix& m) { m.flags = 4; });
  expect(QN_ERROR_UNSUPPORTED, "scale_format is 2, expected F16, BF16 or F32",
         [](qn_matrix& m) { m.scale_format = QN_FORMAT_Q4_0; });
  expect(QN_ERROR_SIZE, "a matrix of 0 x 128 weights, expected 1 to 2^52", [](qn_matrix& m) { m.rows = 0; });
  expect(QN_ERROR_SIZE, "a matrix of 9223372036854775808 x 128 weights, expected 1 to 2^52",
         [](qn_matrix& m) { m.rows = uint64_t{1} << 63; });
  expect(QN_ERROR_SIZE, "GPTQ of 4 bits needs a multiple of 8 rows, found 63", [](qn_matrix& m) { m.rows = 63; });
  expect(QN_ERROR_SIZE, "GPTQ of 3 bits needs a multiple of 32 columns, found 48", [](qn_matrix& m) {
    m.bits = 3;
    m.columns = 48;
  });
  expect(QN_ERROR_SIZE, "codes has 4095 bytes, expected 4096", [](qn_matrix& m) { m.codes_size--; });
  expect(QN_ERROR_SIZE, "scales has 512 bytes, expected 1024", [](qn_matrix& m) { m.scale_format = QN_FORMAT_F32; });
  expect(QN_ERROR_SIZE, "zeros has 129 bytes, expected 128", [](qn_matrix& m) { m.zeros_size++; });
  expect(QN_ERROR_SIZE, "group_index has 508 bytes, expected 512", [](qn_matrix& m) { m.group_index_size -= 4; });
  expect(QN_ERROR_INVALID_ARGUMENT, "codes is null", [](qn_matrix& m) { m.codes = nullptr; });
  expect(QN_ERROR_INVALID_ARGUMENT, "scales is null", [](qn_matrix& m) { m.scales = nullptr; });
  expect(QN_ERROR_INVALID_ARGUMENT, "zeros is null", [](qn_matrix& m) { m.zeros = nullptr; });
  expect(QN_ERROR_INVALID_ARGUMENT, "group_index is null", [](qn_matrix& m) { m.group_index = nullptr; });

  const int32_t outside = -1;
  std::memcpy(&matrix_.group_index[4 * 127], &outside, 4);
  expect(QN_ERROR_INVALID_ARGUMENT, "group_index[127] is -1, expected 0 to 3", [](qn_matrix&) {});
}

TEST_F(MatrixArguments, OfOtherLayoutsAreChecked) {
  matrix_ = draw_matrix({QN_MATRIX_AWQ_GEMM, 4, 64, 128, 32, QN_FORMAT_F16, false, false, 0}, 1);
  expect(QN_OK, "", [](qn_matrix&) {});
  expect(QN_ERROR_UNSUPPORTED, "AWQ_GEMM has no codes of 3 bits", [](qn_matrix& m) { m.bits = 3; });
  expect(QN_ERROR_UNSUPPORTED, "AWQ_GEMM has no flag 0x1", [](qn_matrix& m) { m.flags = QN_MATRIX_ZERO_PLUS_ONE; });
  expect(QN_ERROR_UNSUPPORTED, "AWQ_GEMM has no group_index", [](qn_matrix& m) {
    m.group_index = m.codes;
    m.group_index_size = 512;
  });
}

// Arrays without which a layout has no meaning.
TEST_F(MatrixArguments, ThatALayoutNeedsAreMissed) {
  Random random(1);
  for (const auto& [layout, line] :
       {std::pair{QN_MATRIX_AWQ_GEMV_FAST, "zeros is null"}, std::pair{QN_MATRIX_BNB_4BIT, "levels is null"}}) {
    const RandomArrays arrays(layout, random);
    qn_matrix view = arrays.view;
    EXPECT_EQ(QN_OK, qn_matrix_check(&view)) << qn_last_error();
    view.zeros = view.levels = nullptr;
    view.zeros_size = view.levels_size = 0;
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_matrix_check(&view));
    EXPECT_STREQ(line, qn_last_error());
  }
}

TEST_F(MatrixArguments, OfACallAreChecked) {
  const Device device = open_cpu();
  const qn_matrix view = matrix_.view();
  std::vector<float> room(64 * 128);
  const auto call = [&](qn_order order, uint64_t first, uint64_t count, qn_format output, void* to, size_t size) {
    return qn_dequantize_matrix(device.get(), &view, order, first, count, output, to, size);
  };
  const size_t size = room.size() * 4;
  EXPECT_EQ(QN_OK, call(QN_ORDER_ROWS, 64, 0, QN_FORMAT_F32, nullptr, 0));
  EXPECT_EQ(QN_OK, call(QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32, room.data(), size));
  EXPECT_STRNE("", qn_last_kernel());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_matrix(nullptr, &view, QN_ORDER_ROWS, 0, 1, QN_FORMAT_F32, room.data(), size));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(static_cast<qn_order>(2), 0, 1, QN_FORMAT_F32, room.data(), size));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(QN_ORDER_ROWS, 1, 64, QN_FORMAT_F32, room.data(), size));
  EXPECT_STREQ("rows 1 to 65 of 64", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(QN_ORDER_COLUMNS, 2, UINT64_MAX, QN_FORMAT_F32, room.data(), size));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, call(QN_ORDER_ROWS, 0, 64, QN_FORMAT_Q8_0, room.data(), size));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, call(QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32, nullptr, size));
  EXPECT_EQ(QN_ERROR_SIZE, call(QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32, room.data(), size - 1));
  EXPECT_STREQ("destination has 32767 bytes, expected at least 32768", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            call(QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32, const_cast<uint8_t*>(matrix_.scales.data()), size));
  EXPECT_STREQ("scales and destination overlap", qn_last_error());
}

// Some writers store a list of groups that is all zeros where there is no order to tell.
TEST_F(MatrixArguments, AListOfZerosIsNone) {
  PackedMatrix matrix = draw_matrix({QN_MATRIX_GPTQ, 4, 64, 128, 32, QN_FORMAT_F16, false, false, 0}, 1);
  matrix.group_index.assign(512, 0);
  const qn_matrix view = matrix.view();
  const Device device = open_cpu();
  const auto expected = expected_lines(matrix, QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32);
  std::vector<uint8_t> found(expected.size());
  ASSERT_EQ(QN_OK,
            qn_dequantize_matrix(device.get(), &view, QN_ORDER_ROWS, 0, 64, QN_FORMAT_F32, found.data(), found.size()));
  EXPECT_EQ("", difference(expected, found, QN_FORMAT_F32));
}

}  // namespace
