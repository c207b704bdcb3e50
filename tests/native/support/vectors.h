// SPDX-License-Identifier: MIT
//
// The known answers in tests/vectors (see the README there).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace test {

struct ScaleField {
  std::string kind;  // f16, f32, e8m0, ue4m3, f16split
  size_t offset;     // in a block
};

struct Vectors {
  std::string format;
  uint32_t number, values_per_block, bytes_per_block;
  std::vector<ScaleField> scale_fields;
};

// vectors.tsv; throws std::runtime_error if it cannot be read.
const std::vector<Vectors>& all_vectors();

// A file of a format's folder; empty if there is none.
std::vector<uint8_t> vector_file(const std::string& format, const std::string& name);

}  // namespace test
