// SPDX-License-Identifier: MIT
#include "support/reference.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace test {
namespace {

// The nearest of the 2^16 values of a format whose magnitudes grow with their bits, by bisection.
template <class Value>
uint16_t nearest(float value, uint16_t infinity, Value value_of) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double wanted = std::fabs(static_cast<double>(value));
  if (std::isinf(value)) return sign | infinity;
  uint32_t below = 0, above = infinity;  // value_of(below) <= wanted < value_of(above)
  while (above - below > 1) {
    const uint32_t middle = (below + above) / 2;
    (value_of(middle) <= wanted ? below : above) = middle;
  }
  // Infinity stands where the next value would be.
  const double step = above == infinity ? value_of(below) - value_of(below - 1) : value_of(above) - value_of(below);
  const double past = wanted - value_of(below);
  const bool up = past > step / 2 || (past == step / 2 && below % 2 == 1);
  return static_cast<uint16_t>(sign | (up ? above : below));
}

double half_magnitude(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10), fraction = static_cast<int>(bits & 1023);
  return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
}

double bfloat16_magnitude(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 7), fraction = static_cast<int>(bits & 127);
  return exponent == 0 ? std::ldexp(fraction, -133) : std::ldexp(128 + fraction, exponent - 134);
}

template <class T>
T read(const std::vector<uint8_t>& bytes, size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

bool is_nan(uint32_t bits, qn_format format) {
  switch (format) {
    case QN_FORMAT_F32:
      return (bits & 0x7fffffff) > 0x7f800000;
    case QN_FORMAT_F16:
      return (bits & 0x7fff) > 0x7c00;
    default:
      return (bits & 0x7fff) > 0x7f80;
  }
}

}  // namespace

uint16_t nearest_half(float value) { return std::isnan(value) ? 0x7e00 : nearest(value, 0x7c00, half_magnitude); }

uint16_t nearest_bfloat16(float value) {
  return std::isnan(value) ? 0x7fc0 : nearest(value, 0x7f80, bfloat16_magnitude);
}

float half_value(uint16_t bits) {
  const uint16_t magnitude = bits & 0x7fff;
  if (magnitude > 0x7c00) return NAN;
  const double value = magnitude == 0x7c00 ? INFINITY : half_magnitude(magnitude);
  return static_cast<float>(bits & 0x8000 ? -value : value);
}

std::vector<uint8_t> in_format(const std::vector<uint8_t>& weights, qn_format output) {
  if (output == QN_FORMAT_F32) return weights;
  std::vector<uint8_t> rounded(weights.size() / 2);
  for (size_t i = 0; i < weights.size() / 4; i++) {
    const float value = read<float>(weights, i);
    const uint16_t bits = output == QN_FORMAT_F16 ? nearest_half(value) : nearest_bfloat16(value);
    std::memcpy(rounded.data() + 2 * i, &bits, 2);
  }
  return rounded;
}

std::string difference(const std::vector<uint8_t>& expected, const std::vector<uint8_t>& actual, qn_format output) {
  if (expected.size() != actual.size()) return "sizes differ";
  if (expected == actual) return "";
  const bool wide = output == QN_FORMAT_F32;
  for (size_t i = 0; i < expected.size() / (wide ? 4 : 2); i++) {
    const uint32_t e = wide ? read<uint32_t>(expected, i) : read<uint16_t>(expected, i);
    const uint32_t a = wide ? read<uint32_t>(actual, i) : read<uint16_t>(actual, i);
    if (e == a || (is_nan(e, output) && is_nan(a, output))) continue;
    char text[96];
    std::snprintf(text, sizeof text, "weight %zu: expected bits %08x, found %08x", i, e, a);
    return text;
  }
  return "";
}

uint64_t seed() {
  static const uint64_t value = [] {
    const char* const text = std::getenv("QN_TEST_SEED");
    const uint64_t seed = text ? std::strtoull(text, nullptr, 0) : 0x5eed2026;
    std::printf("[   SEED   ] QN_TEST_SEED=0x%llx\n", static_cast<unsigned long long>(seed));
    return seed;
  }();
  return value;
}

static bool is_set(const char* variable) {
  const char* const text = std::getenv(variable);
  return text && *text && *text != '0';
}

bool long_mode() { return is_set("QN_TEST_LONG"); }
bool short_mode() { return is_set("QN_TEST_SHORT"); }

}  // namespace test
