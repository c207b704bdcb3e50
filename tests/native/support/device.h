// SPDX-License-Identifier: MIT
//
// Devices and formats for tests: every test loops over what the library reports.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "quantnet.h"

namespace test {

struct Closer {
  void operator()(qn_device* device) const { qn_device_close(device); }
};
using Device = std::unique_ptr<qn_device, Closer>;

inline qn_device_options options_for(qn_isa isa, uint32_t threads) {
  qn_device_options options{};
  options.struct_size = sizeof options;
  options.isa = isa;
  options.threads = threads;
  return options;
}

// A CPU device; a test failure and nullptr if it cannot be opened.
inline Device open_cpu(qn_isa isa = QN_ISA_AUTO, uint32_t threads = 1) {
  const qn_device_options options = options_for(isa, threads);
  qn_device* device = nullptr;
  EXPECT_EQ(QN_OK, qn_device_open("cpu", &options, &device)) << qn_last_error();
  return Device(device);
}

inline std::vector<qn_isa_info> instruction_sets() {
  std::vector<qn_isa_info> all;
  for (size_t i = 0; i < qn_isa_count(); i++) {
    qn_isa_info info{};
    info.struct_size = sizeof info;
    EXPECT_EQ(QN_OK, qn_isa_at(i, &info));
    all.push_back(info);
  }
  return all;
}

inline std::vector<qn_format_info> formats() {
  std::vector<qn_format_info> all;
  for (size_t i = 0; i < qn_format_count(); i++) {
    qn_format_info info{};
    info.struct_size = sizeof info;
    EXPECT_EQ(QN_OK, qn_format_at(i, &info));
    all.push_back(info);
  }
  return all;
}

inline qn_format_info format_info(qn_format format) {
  qn_format_info info{};
  info.struct_size = sizeof info;
  EXPECT_EQ(QN_OK, qn_format_get(format, &info)) << qn_last_error();
  return info;
}

inline constexpr qn_format kOutputs[] = {QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16};
inline size_t output_size(qn_format output) { return output == QN_FORMAT_F32 ? 4 : 2; }

// All weights of whole blocks.
inline std::vector<uint8_t> dequantize(qn_device* device, qn_format format, const std::vector<uint8_t>& source,
                                       qn_format output) {
  const qn_format_info info = format_info(format);
  std::vector<uint8_t> weights(source.size() / info.bytes_per_block * info.values_per_block * output_size(output));
  EXPECT_EQ(QN_OK, qn_dequantize(device, format, source.data(), source.size(), output, weights.data(), weights.size()))
      << qn_last_error();
  return weights;
}

// A test for each format on each instruction set; skipped, by name, where the machine lacks the set.
using FormatAndSet = std::tuple<qn_format_info, qn_isa_info>;

class EachFormatAndSet : public testing::TestWithParam<FormatAndSet> {
 protected:
  void SetUp() override {
    if (!set().available) GTEST_SKIP() << set().name << ": " << set().reason;
  }
  qn_format_info format() const { return std::get<0>(GetParam()); }
  qn_isa_info set() const { return std::get<1>(GetParam()); }
};

inline std::string name_of(const testing::TestParamInfo<FormatAndSet>& info) {
  return std::string(std::get<0>(info.param).name) + "_on_" + std::get<1>(info.param).name;
}

#define EACH_FORMAT_AND_SET(suite)                                                                                \
  INSTANTIATE_TEST_SUITE_P(                                                                                       \
      , suite, testing::Combine(testing::ValuesIn(test::formats()), testing::ValuesIn(test::instruction_sets())), \
      test::name_of)

}  // namespace test
