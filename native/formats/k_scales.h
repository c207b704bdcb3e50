// SPDX-License-Identifier: MIT
//
// The twelve bytes in which Q4_K and Q5_K keep eight scales and eight mins of six bits:
//   bytes[g]     = AAssssss    s: scale g            A: high bits of scale g + 4   (g = 0..3)
//   bytes[4 + g] = BBmmmmmm    m: min g              B: high bits of min g + 4
//   bytes[8 + g] = bbbbaaaa    a: low bits of scale g + 4, b: low bits of min g + 4
// Source of the layout: ggml, ggml-quants.c (get_scale_min_k4).
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

struct KScales {
  uint8_t bytes[12];

  QN_HD int scale(int group) const {
    return group < 4 ? bytes[group] & 63 : (bytes[group + 4] & 15) | bytes[group - 4] >> 6 << 4;
  }

  QN_HD int min(int group) const {
    return group < 4 ? bytes[group + 4] & 63 : bytes[group + 4] >> 4 | bytes[group] >> 6 << 4;
  }

  // All of them at once: scales 0..7, then mins 0..7, one byte each.
  QN_HD void unpack(uint8_t (&all)[16]) const {
    const uint32_t first = word(0), second = word(4), third = word(8);
    store(all, first & 0x3f3f3f3f);
    store(all + 4, (third & 0x0f0f0f0f) | (first >> 2 & 0x30303030));
    store(all + 8, second & 0x3f3f3f3f);
    store(all + 12, (third >> 4 & 0x0f0f0f0f) | (second >> 2 & 0x30303030));
  }

  // Stores scales and mins of 0 to 63.
  QN_HD void pack(const uint8_t (&all_scales)[8], const uint8_t (&all_mins)[8]) {
    for (int g = 0; g < 4; g++) {
      bytes[g] = static_cast<uint8_t>(all_scales[g] | all_scales[g + 4] >> 4 << 6);
      bytes[4 + g] = static_cast<uint8_t>(all_mins[g] | all_mins[g + 4] >> 4 << 6);
      bytes[8 + g] = static_cast<uint8_t>((all_scales[g + 4] & 15) | all_mins[g + 4] << 4);
    }
  }

 private:
  QN_HD uint32_t word(int at) const {
    uint32_t value;
    memcpy(&value, bytes + at, 4);
    return value;
  }
  QN_HD static void store(uint8_t* at, uint32_t value) { memcpy(at, &value, 4); }
};
static_assert(sizeof(KScales) == 12 && alignof(KScales) == 1);

}  // namespace qn::QN_TARGET
