// SPDX-License-Identifier: MIT
//
// Every way to call a function wrongly: the right status, one line of text, nothing written.
#include <cstring>

#include "support/device.h"

using namespace test;

namespace {

template <class Struct>
Struct sized() {
  Struct value;
  std::memset(static_cast<void*>(&value), 0x5a, sizeof value);
  value.struct_size = sizeof value;
  return value;
}

TEST(Versions, AreTheHeaders) {
  EXPECT_EQ(static_cast<uint32_t>(QN_ABI_VERSION), qn_abi_version());
  const std::string expected = std::to_string(QN_VERSION_MAJOR) + "." + std::to_string(QN_VERSION_MINOR) + "." +
                               std::to_string(QN_VERSION_PATCH);
  EXPECT_EQ(expected, qn_version());
}

TEST(Status, HasAName) {
  EXPECT_STREQ("QN_OK", qn_status_name(QN_OK));
  EXPECT_STREQ("QN_ERROR_SYSTEM", qn_status_name(QN_ERROR_SYSTEM));
  EXPECT_STREQ("unknown status", qn_status_name(static_cast<qn_status>(-99)));
}

TEST(FormatInfo, IsCheckedAndInOrder) {
  auto info = sized<qn_format_info>();
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_format_at(qn_format_count(), &info));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_format_at(SIZE_MAX, &info));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_format_at(0, nullptr));
  for (const int number :
       {-1, 4, 5, 31, 33, 38, 43, 63, 64, 99, 999, 0x0fff, 0x1000, 0x103f, 0x1040, INT32_MAX, INT32_MIN})
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_format_get(static_cast<qn_format>(number), &info)) << number;
  EXPECT_STREQ("-2147483648 is not the number of a format", qn_last_error());
  int last = -1;
  for (const qn_format_info& format : formats()) {
    EXPECT_LT(last, format.format);
    last = format.format;
    EXPECT_EQ(0u, format.values_per_block % format.values_per_group) << format.name;
    EXPECT_NE(nullptr, std::strchr(format.formula, 'w')) << format.name;
  }
}

// A caller with an older, shorter struct: nothing beyond it is written.
TEST(StructSize, BoundsWhatIsFilledIn) {
  auto info = sized<qn_format_info>();
  info.struct_size = offsetof(qn_format_info, bytes_per_block);
  ASSERT_EQ(QN_OK, qn_format_get(QN_FORMAT_Q4_K, &info));
  EXPECT_EQ(256u, info.values_per_block);
  EXPECT_EQ(0x5a5a5a5au, info.bytes_per_block);
  EXPECT_EQ(offsetof(qn_format_info, bytes_per_block), info.struct_size);

  // A newer, longer one: the library knows no more than its own.
  struct {
    qn_format_info info;
    uint32_t later;
  } longer;
  std::memset(static_cast<void*>(&longer), 0x5a, sizeof longer);
  longer.info.struct_size = sizeof longer;
  ASSERT_EQ(QN_OK, qn_format_get(QN_FORMAT_Q4_K, &longer.info));
  EXPECT_EQ(144u, longer.info.bytes_per_block);
  EXPECT_EQ(0x5a5a5a5au, longer.later);

  info.struct_size = 0;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_format_get(QN_FORMAT_Q4_K, &info));
  EXPECT_STREQ("struct_size of info is 0, expected 40 (was it set?)", qn_last_error());
}

TEST(Capability, IsCheckedAndFalseForWhatCannotBeDone) {
  const Device device = open_cpu();
  auto capability = sized<qn_capability>();
  const auto ask = [&](qn_format from, qn_format to) {
    return qn_device_capability(device.get(), QN_OPERATION_DEQUANTIZE, from, to, &capability);
  };
  ASSERT_EQ(QN_OK, ask(QN_FORMAT_Q4_K, QN_FORMAT_Q8_0));
  EXPECT_EQ(0u, capability.supported);
  EXPECT_STREQ("", capability.kernel);
  ASSERT_EQ(QN_OK, qn_device_capability(device.get(), static_cast<qn_operation>(77), QN_FORMAT_Q4_K, QN_FORMAT_F32,
                                        &capability));
  EXPECT_EQ(0u, capability.supported);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, ask(static_cast<qn_format>(4), QN_FORMAT_F32));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, ask(QN_FORMAT_Q4_K, static_cast<qn_format>(4)));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_device_capability(nullptr, QN_OPERATION_DEQUANTIZE, QN_FORMAT_Q4_K, QN_FORMAT_F32, &capability));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_device_capability(device.get(), QN_OPERATION_DEQUANTIZE, QN_FORMAT_Q4_K, QN_FORMAT_F32, nullptr));
}

TEST(Capability, OfMatricesIsCheckedAndFalseForWhatCannotBeDone) {
  const Device device = open_cpu();
  auto capability = sized<qn_capability>();
  const auto ask = [&](qn_matrix_layout layout, uint32_t bits, qn_order order, qn_format to) {
    return qn_device_matrix_capability(device.get(), QN_OPERATION_DEQUANTIZE, layout, bits, order, to, &capability);
  };
  ASSERT_EQ(QN_OK, ask(QN_MATRIX_GPTQ, 4, QN_ORDER_COLUMNS, QN_FORMAT_F16));
  EXPECT_EQ(1u, capability.supported);
  for (const uint32_t bits : {0u, 5u, 31u, 32u, 0xffffffffu}) {
    ASSERT_EQ(QN_OK, ask(QN_MATRIX_GPTQ, bits, QN_ORDER_ROWS, QN_FORMAT_F32));
    EXPECT_EQ(0u, capability.supported);
    EXPECT_STREQ("", capability.kernel);
  }
  ASSERT_EQ(QN_OK, ask(QN_MATRIX_GPTQ, 4, QN_ORDER_ROWS, QN_FORMAT_Q4_K));
  EXPECT_EQ(0u, capability.supported);
  ASSERT_EQ(QN_OK, qn_device_matrix_capability(device.get(), static_cast<qn_operation>(77), QN_MATRIX_GPTQ, 4,
                                               QN_ORDER_ROWS, QN_FORMAT_F32, &capability));
  EXPECT_EQ(0u, capability.supported);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, ask(static_cast<qn_matrix_layout>(0), 4, QN_ORDER_ROWS, QN_FORMAT_F32));
  EXPECT_STREQ("0 is not the number of a matrix layout", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, ask(QN_MATRIX_GPTQ, 4, static_cast<qn_order>(2), QN_FORMAT_F32));
  EXPECT_STREQ("order is 2, expected QN_ORDER_ROWS or QN_ORDER_COLUMNS", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, ask(QN_MATRIX_GPTQ, 4, QN_ORDER_ROWS, static_cast<qn_format>(4)));
  EXPECT_STREQ("to is 4, which is no format", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_matrix_capability(nullptr, QN_OPERATION_DEQUANTIZE, QN_MATRIX_GPTQ, 4,
                                                                   QN_ORDER_ROWS, QN_FORMAT_F32, &capability));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_device_matrix_capability(device.get(), QN_OPERATION_DEQUANTIZE, QN_MATRIX_GPTQ, 4, QN_ORDER_ROWS,
                                        QN_FORMAT_F32, nullptr));
}

class DequantizeArguments : public testing::Test {
 protected:
  static constexpr size_t kSource = 2 * 34, kDestination = 64 * 4;

  DequantizeArguments() { std::memset(destination_, 0x5a, sizeof destination_); }
  ~DequantizeArguments() override {
    for (const uint8_t byte : destination_)
      EXPECT_EQ(0x5a, byte) << "a call that failed wrote";
  }
  void expect(qn_status status, const char* message, qn_device* device, int format, const void* source,
              size_t source_size, int output, void* destination, size_t destination_size) {
    EXPECT_EQ(status, qn_dequantize(device, static_cast<qn_format>(format), source, source_size,
                                    static_cast<qn_format>(output), destination, destination_size));
    EXPECT_STREQ(message, qn_last_error());
  }
  Device device_ = open_cpu();
  uint8_t source_[kSource] = {};
  uint8_t destination_[kDestination];
};

TEST_F(DequantizeArguments, AreChecked) {
  qn_device* const d = device_.get();
  void* const to = destination_;
  expect(QN_ERROR_INVALID_ARGUMENT, "device is null", nullptr, 8, source_, kSource, 0, to, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, "4 is not the number of a format", d, 4, source_, kSource, 0, to, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, "source is null", d, 8, nullptr, kSource, 0, to, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, "destination is null", d, 8, source_, kSource, 0, nullptr, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, "output is 777, which is not the number of a format", d, 8, source_, kSource, 777,
         to, kDestination);
  expect(QN_ERROR_UNSUPPORTED, "output is Q8_0, expected F32, F16 or BF16", d, 8, source_, kSource, 8, to,
         kDestination);
  expect(QN_ERROR_SIZE, "67 bytes of Q8_0 are not whole blocks of 34", d, 8, source_, kSource - 1, 0, to, kDestination);
  expect(QN_ERROR_SIZE, "destination has 255 bytes, expected at least 2 blocks of 128", d, 8, source_, kSource, 0, to,
         kDestination - 1);
  expect(QN_ERROR_SIZE, "destination has 0 bytes, expected at least 2 blocks of 128", d, 8, source_, kSource, 0, to, 0);
}

TEST_F(DequantizeArguments, MayNotOverlap) {
  uint8_t both[kSource + kDestination] = {};
  qn_device* const d = device_.get();
  const char* const message = "source and destination overlap";
  expect(QN_ERROR_INVALID_ARGUMENT, message, d, 8, both, kSource, 0, both, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, message, d, 8, both, kSource, 0, both + kSource - 1, kDestination);
  expect(QN_ERROR_INVALID_ARGUMENT, message, d, 8, both + kDestination - 1, kSource, 0, both, kDestination);
  EXPECT_EQ(QN_OK, qn_dequantize(d, QN_FORMAT_Q8_0, both, kSource, QN_FORMAT_F32, both + kSource, kDestination));
  EXPECT_EQ(QN_OK, qn_dequantize(d, QN_FORMAT_Q8_0, both + kDestination, kSource, QN_FORMAT_F32, both, kDestination));
}

TEST_F(DequantizeArguments, MayBeEmpty) {
  EXPECT_EQ(QN_OK, qn_dequantize(device_.get(), QN_FORMAT_Q8_0, nullptr, 0, QN_FORMAT_F32, nullptr, 0));
  EXPECT_EQ(QN_OK, qn_dequantize(device_.get(), QN_FORMAT_Q8_0, source_, 0, QN_FORMAT_F32, destination_, kDestination));
}

}  // namespace
