// SPDX-License-Identifier: MIT
//
// float32 to half and bfloat16, and back, on every instruction set.
#include <cmath>
#include <cstring>

#include "support/device.h"
#include "support/reference.h"

using namespace test;

namespace {

class Rounding : public testing::TestWithParam<qn_isa_info> {
 protected:
  void SetUp() override {
    if (!GetParam().available) GTEST_SKIP() << GetParam().name << ": " << GetParam().reason;
    device_ = open_cpu(GetParam().isa);
  }
  Device device_;
};

std::vector<uint8_t> as_bytes(const std::vector<uint32_t>& words) {
  std::vector<uint8_t> bytes(words.size() * 4);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

// Floats around every tie: each exponent, fractions next to where halves and bfloat16s meet, both signs.
std::vector<uint32_t> floats_near_ties() {
  std::vector<uint32_t> all;
  for (uint32_t exponent = 0; exponent < 256; exponent++)
    for (uint32_t high = 0; high < 128; high += exponent > 96 && exponent < 150 ? 1 : 13)
      for (const uint32_t low : {0u, 1u, 0xfffu, 0x1000u, 0x1001u, 0x1fffu, 0x2000u, 0x3000u, 0x7fffu, 0x8000u, 0x8001u,
                                 0xefffu, 0xf000u, 0xf001u, 0xffffu})
        for (const uint32_t sign : {0u, 0x80000000u})
          all.push_back(sign | exponent << 23 | high << 16 | low);
  return all;
}

TEST_P(Rounding, IsToNearestEven) {
  auto floats = floats_near_ties();
  Random random(seed());
  for (int i = 0; i < 100000; i++)
    floats.push_back(static_cast<uint32_t>(random.next()));
  const auto source = as_bytes(floats);
  for (const qn_format output : kOutputs)
    EXPECT_EQ("",
              difference(in_format(source, output), dequantize(device_.get(), QN_FORMAT_F32, source, output), output))
        << output;
}

TEST_P(Rounding, KeepsEveryHalf) {
  std::vector<uint8_t> halves(65536 * 2), expected(65536 * 4);
  for (uint32_t i = 0; i < 65536; i++) {
    std::memcpy(halves.data() + 2 * i, &i, 2);
    const float value = half_value(static_cast<uint16_t>(i));
    std::memcpy(expected.data() + 4 * i, &value, 4);
  }
  const auto floats = dequantize(device_.get(), QN_FORMAT_F16, halves, QN_FORMAT_F32);
  EXPECT_EQ("", difference(expected, floats, QN_FORMAT_F32));
  EXPECT_EQ("", difference(halves, dequantize(device_.get(), QN_FORMAT_F32, floats, QN_FORMAT_F16), QN_FORMAT_F16));
  EXPECT_EQ(halves, dequantize(device_.get(), QN_FORMAT_F16, halves, QN_FORMAT_F16)) << "a copy keeps NaN payloads";
}

TEST_P(Rounding, KeepsEveryBfloat16) {
  std::vector<uint8_t> numbers(65536 * 2), expected(65536 * 4);
  for (uint32_t i = 0; i < 65536; i++) {
    std::memcpy(numbers.data() + 2 * i, &i, 2);
    const uint32_t bits = i << 16;
    std::memcpy(expected.data() + 4 * i, &bits, 4);
  }
  const auto floats = dequantize(device_.get(), QN_FORMAT_BF16, numbers, QN_FORMAT_F32);
  EXPECT_EQ("", difference(expected, floats, QN_FORMAT_F32));
  EXPECT_EQ("", difference(numbers, dequantize(device_.get(), QN_FORMAT_F32, floats, QN_FORMAT_BF16), QN_FORMAT_BF16));
  EXPECT_EQ(numbers, dequantize(device_.get(), QN_FORMAT_BF16, numbers, QN_FORMAT_BF16));
}

// All 2^32 floats, against the scalar set, which the tests above compare with the definition.
TEST_P(Rounding, OfAllFloatsIsTheSameEverywhere) {
  if (!long_mode()) GTEST_SKIP() << "all 2^32 floats: long mode only (QN_TEST_LONG=1)";
  const Device scalar = open_cpu(QN_ISA_SCALAR);
  std::vector<uint32_t> floats(1 << 20);
  for (uint64_t first = 0; first < uint64_t{1} << 32; first += floats.size()) {
    for (size_t i = 0; i < floats.size(); i++)
      floats[i] = static_cast<uint32_t>(first + i);
    const auto source = as_bytes(floats);
    for (const qn_format output : {QN_FORMAT_F16, QN_FORMAT_BF16})
      ASSERT_EQ("", difference(dequantize(scalar.get(), QN_FORMAT_F32, source, output),
                               dequantize(device_.get(), QN_FORMAT_F32, source, output), output));
  }
}

INSTANTIATE_TEST_SUITE_P(, Rounding, testing::ValuesIn(instruction_sets()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
