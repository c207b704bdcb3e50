// SPDX-License-Identifier: MIT
#include "support/vectors.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace test {
namespace {

std::string folder() {
  const char* const elsewhere = std::getenv("QN_VECTORS");
  return elsewhere ? elsewhere : QN_VECTORS;
}

std::vector<Vectors> read_all() {
  std::ifstream file(folder() + "/vectors.tsv");
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("cannot read " + folder() + "/vectors.tsv");
  std::vector<Vectors> all;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Vectors v;
    std::string scales, scale;
    if (!(fields >> v.format >> v.number >> v.values_per_block >> v.bytes_per_block >> scales))
      throw std::runtime_error("vectors.tsv: malformed line: " + line);
    std::istringstream list(scales);
    while (scales != "-" && std::getline(list, scale, ',')) {
      const size_t at = scale.find('@');
      v.scale_fields.push_back({scale.substr(0, at), std::stoul(scale.substr(at + 1))});
    }
    all.push_back(v);
  }
  return all;
}

}  // namespace

const std::vector<Vectors>& all_vectors() {
  static const std::vector<Vectors> all = read_all();
  return all;
}

std::vector<uint8_t> vector_file(const std::string& format, const std::string& name) {
  std::ifstream file(folder() + "/" + format + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace test
