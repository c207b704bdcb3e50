// SPDX-License-Identifier: MIT
//
// Numbers to be encoded, importance for them, and the CPU's scalar encoders, which other tests compare with the
// reference.
#pragma once

#include <cmath>
#include <cstring>

#include "device.h"
#include "reference.h"

namespace test {

inline std::vector<uint8_t> bytes_of(const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Numbers of all magnitudes, with zeros and short runs of equal ones.
inline std::vector<float> random_numbers(size_t count, uint64_t salt) {
  const auto bytes = Random(seed() + salt).bytes(2 * count);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) {
    const float unit = static_cast<float>(static_cast<int8_t>(bytes[2 * i])) / 64;
    const int kind = bytes[2 * i + 1];
    values[i] = kind < 16 ? 0 : std::ldexp(unit, kind % 12 - 6) * (i / 2048 % 4 == 3 ? 1e-12f : 1);
  }
  return values;
}

// A float for each column, some of them 0.
inline std::vector<uint8_t> importance_of(size_t columns) {
  std::vector<float> importance(columns);
  for (size_t i = 0; i < columns; i++)
    importance[i] = static_cast<float>(i * 37 % 101) / 16;
  return bytes_of(importance);
}

// Empty importance is none.
inline qn_quantize_options quantize_options(const std::vector<uint8_t>& importance, uint32_t flags = 0) {
  qn_quantize_options options{};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.importance = importance.empty() ? nullptr : importance.data();
  options.importance_size = importance.size();
  return options;
}

inline std::vector<uint8_t> quantize(qn_device* device, qn_format input, const std::vector<uint8_t>& source,
                                     uint64_t columns, const std::vector<uint8_t>& importance,
                                     const qn_format_info& format, uint32_t flags = 0) {
  const size_t values = source.size() / output_size(input);
  std::vector<uint8_t> packed(values / format.values_per_block * format.bytes_per_block);
  const qn_quantize_options options = quantize_options(importance, flags);
  EXPECT_EQ(QN_OK, qn_quantize(device, input, source.data(), source.size(), columns, &options, format.format,
                               packed.data(), packed.size()))
      << qn_last_error();
  return packed;
}

// "" or where two results differ first.
inline std::string first_difference(const std::vector<uint8_t>& expected, const std::vector<uint8_t>& found,
                                    const qn_format_info& format) {
  if (expected.size() != found.size()) return "sizes differ";
  for (size_t i = 0; i < expected.size(); i++)
    if (expected[i] != found[i])
      return "block " + std::to_string(i / format.bytes_per_block) + ", byte " +
             std::to_string(i % format.bytes_per_block) + " is " + std::to_string(found[i]) + ", expected " +
             std::to_string(expected[i]);
  return "";
}

}  // namespace test
