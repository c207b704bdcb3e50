// SPDX-License-Identifier: MIT
//
// qn_dequantize_matrix: any matrix, right and wrong ones, of exactly the bytes that it needs. All instruction sets give
// the results of the plain code.
//
// Input: layout, bits, flags, scale format, rows, columns, group, rows of a group, blocks of scales (16 bits each),
// which arrays there are, order, output, first, count, places of the arrays and of the destination, then what the
// arrays hold.
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "support/arena.h"
#include "support/devices.h"

using namespace fuzz;

namespace {

constexpr size_t kArrayRoom = 64 << 10, kDestinationRoom = 2 << 20;

// An array of a matrix: its name in messages, and where it stands in the view.
struct Array {
  const char* name;
  const void* qn_matrix::* data;
  size_t qn_matrix::* size;
};
constexpr Array kArrays[] = {
    {"codes", &qn_matrix::codes, &qn_matrix::codes_size},
    {"scales", &qn_matrix::scales, &qn_matrix::scales_size},
    {"zeros", &qn_matrix::zeros, &qn_matrix::zeros_size},
    {"group_index", &qn_matrix::group_index, &qn_matrix::group_index_size},
    {"levels", &qn_matrix::levels, &qn_matrix::levels_size},
    {"scale_levels", &qn_matrix::scale_levels, &qn_matrix::scale_levels_size},
    {"scale_scales", &qn_matrix::scale_scales, &qn_matrix::scale_scales_size},
};

Arena& arena_of(size_t array) {
  static std::unique_ptr<Arena> arenas[std::size(kArrays)];
  if (!arenas[array]) arenas[array] = std::make_unique<Arena>(kArrayRoom);
  return *arenas[array];
}

// Gives each array the size that the library says it needs, and bytes of the input over and over. False: the library
// refuses the matrix for another reason, or it is too large.
bool complete(qn_matrix& matrix, uint8_t place, Bytes content) {
  for (int tries = 0; tries < 16; tries++) {
    if (qn_matrix_check(&matrix) == QN_OK) return true;
    const std::string line = qn_last_error();
    check(!line.empty() && line.find('\n') == std::string::npos, "no line for a refused matrix");
    char name[32];
    unsigned long long found, expected;
    if (std::sscanf(line.c_str(), "%31s has %llu bytes, expected %llu", name, &found, &expected) != 3) return false;
    if (expected + 127 > kArrayRoom) return false;
    for (size_t i = 0; i < std::size(kArrays); i++) {
      if (std::strcmp(name, kArrays[i].name) != 0) continue;
      check(matrix.*kArrays[i].size != expected, "%s has the size that is asked for", name);
      uint8_t* const data = arena_of(i).place(expected, place);
      for (size_t b = 0; b < expected; b++)
        data[b] = content.size ? content.data[(b + i) % content.size] : 0;
      // Groups that exist, for most inputs.
      if (i == 3 && content.size % 4)
        for (size_t b = 0; b < expected; b++)
          data[b] = b % 4 ? 0 : data[b] % 2;
      matrix.*kArrays[i].data = data;
      matrix.*kArrays[i].size = expected;
    }
  }
  check(false, "a matrix is never right: %s", qn_last_error());
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Arena plain_results(kDestinationRoom), destinations(kDestinationRoom);
  Input input(data, size);
  qn_matrix matrix{};
  matrix.struct_size = sizeof matrix;
  matrix.layout = static_cast<qn_matrix_layout>(input.byte() % 13);
  matrix.bits = input.byte();
  matrix.flags = input.byte();
  matrix.scale_format = static_cast<qn_format>(input.byte());
  matrix.rows = input.number<uint16_t>();
  matrix.columns = input.number<uint16_t>();
  matrix.group_size = input.number<uint16_t>();
  matrix.group_rows = input.number<uint16_t>();
  matrix.scale_group = input.number<uint16_t>();
  const uint8_t arrays = input.byte();
  const qn_order order = static_cast<qn_order>(input.byte() % 3);
  const qn_format output = output_of(input.byte());
  uint64_t first = input.byte(), count = input.byte();
  const uint8_t place = input.byte(), destination_place = input.byte();
  if (arrays & 1) matrix.zeros_size = SIZE_MAX;  // asks for an array of the right size
  if (arrays & 2) matrix.group_index_size = SIZE_MAX;
  if (arrays & 4) matrix.levels_size = SIZE_MAX;
  if (arrays & 8) matrix.scale_levels_size = SIZE_MAX;
  if (arrays & 16) matrix.global_scale = 0.75f;
  if (arrays & 32) matrix.scale_offset = -0.25f;
  if (!complete(matrix, place, input.take(4096))) return 0;

  const uint64_t lines = order == QN_ORDER_ROWS ? matrix.rows : matrix.columns;
  const uint64_t length = order == QN_ORDER_ROWS ? matrix.columns : matrix.rows;
  const uint64_t weights = count * length;
  if (weights * 4 + 127 > kDestinationRoom) return 0;
  const size_t results = weights * output_size(output);
  uint8_t* const expected = plain_results.place(results, 0);
  uint8_t* const found = destinations.place(results, destination_place);
  const bool right = order <= QN_ORDER_COLUMNS && first <= lines && count <= lines - first;
  for (const Set& set : sets_with_threads(1)) {
    const bool plain = &set == &sets_with_threads(1)[0];
    destinations.mark();
    const qn_status status =
        qn_dequantize_matrix(set.device.get(), &matrix, order, first, count, output, found, results);
    if (!right) {
      check_fails(status, QN_ERROR_INVALID_ARGUMENT, "qn_dequantize_matrix beyond the matrix");
      destinations.check_nothing_was_written(set.name);
      continue;
    }
    check_ok(status, "qn_dequantize_matrix");
    destinations.check_nothing_beside_was_written(set.name);
    if (plain && results) std::memcpy(expected, found, results);
    check_same(expected, found, results, output, qn_last_kernel());
  }
  return 0;
}
