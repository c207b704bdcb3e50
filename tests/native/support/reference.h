// SPDX-License-Identifier: MIT
//
// What results must be, computed in another way than the library does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "quantnet.h"

namespace test {

// The nearest half / bfloat16, ties to even, by comparing exact distances in double.
uint16_t nearest_half(float value);
uint16_t nearest_bfloat16(float value);

// The value of a half, from its definition.
float half_value(uint16_t bits);

// `weights`, float32, in an output format: rounded once.
std::vector<uint8_t> in_format(const std::vector<uint8_t>& weights, qn_format output);

// "" if all results are equal: bit for bit, or both NaN. Else where and what the first difference is.
std::string difference(const std::vector<uint8_t>& expected, const std::vector<uint8_t>& actual, qn_format output);

// Repeatable random bits (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::vector<uint8_t> bytes(size_t count) {
    std::vector<uint8_t> all(count);
    for (size_t i = 0; i < count; i++)
      all[i] = static_cast<uint8_t>(next() >> 56);
    return all;
  }

 private:
  uint64_t state_;
};

// The seed of all random tests: QN_TEST_SEED, else a fixed one. Printed when first asked for.
uint64_t seed();

// QN_TEST_LONG=1: tests may take hours. QN_TEST_SHORT=1: they must be quick (under emulation and sanitizers).
bool long_mode();
bool short_mode();

}  // namespace test
