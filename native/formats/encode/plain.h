// SPDX-License-Identifier: MIT
//
// Encoders of the formats without scales: rounded once, to nearest even.
#pragma once

#include "../plain.h"
#include "common.h"

namespace qn::QN_TARGET {

QN_HD void encode(const Values& v, F32& number) { number.x = le32(bits_from_float(v.x[0])); }

QN_HD void encode(const Values& v, F16& number) { number.x = half(v.x[0]); }

QN_HD void encode(const Values& v, BF16& number) {
  const uint16_t bits = BFloat16::from_float(v.x[0]);
  number.x = {{static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}};
}

}  // namespace qn::QN_TARGET
