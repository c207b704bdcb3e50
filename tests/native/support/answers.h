// SPDX-License-Identifier: MIT
//
// Answers for every format that the library did not make: the known answers, or worked out in another way.
#pragma once

#include <cstdint>
#include <vector>

#include "quantnet.h"

namespace test {

// Packed blocks and the weights that they decode to, float32.
struct Answers {
  std::vector<uint8_t> source, weights;
};

std::vector<Answers> answers_for(const qn_format_info& format);

}  // namespace test
