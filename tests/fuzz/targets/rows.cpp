// SPDX-License-Identifier: MIT
//
// qn_dequantize_rows: any matrix, any list of rows, right and wrong ones. The result is what decoding the whole matrix
// and picking rows gives.
//
// Input: format, output, places of source and destination, blocks of a row, how many rows are asked for, one byte for
// each of them, then the matrix.
#include <vector>

#include "support/arena.h"
#include "support/devices.h"

using namespace fuzz;

namespace {

constexpr size_t kSourceRoom = 16 << 10, kMaxSource = 8 << 10, kDestinationRoom = 4 << 20;

// A row of the matrix for most bytes; a few stand for the numbers that a check could get wrong.
uint64_t row_of(uint8_t byte, uint64_t rows) {
  switch (byte) {
    case 255:
      return rows;
    case 254:
      return UINT64_MAX;
    case 253:
      return uint64_t{1} << 63;
    case 252:
      return rows + (uint64_t{1} << 32);
    default:
      return rows ? byte % rows : 0;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Arena sources(kSourceRoom), lists(4096), matrices(kDestinationRoom), destinations(kDestinationRoom);
  Input input(data, size);
  const qn_format_info& format = format_of(input.byte());
  const qn_format output = output_of(input.byte());
  const uint8_t source_place = input.byte(), destination_place = input.byte();
  const size_t blocks_per_row = 1 + input.byte() % 4u;
  const Bytes asked = input.take(input.byte() % 32u);
  const Bytes packed = input.take(kMaxSource);
  count_run(format);

  const uint64_t values_per_row = blocks_per_row * format.values_per_block;
  const size_t row_size = blocks_per_row * format.bytes_per_block, row_results = values_per_row * output_size(output);
  const size_t rows = packed.size / row_size;
  const uint8_t* const source = sources.place({packed.data, rows * row_size}, source_place);

  std::vector<uint64_t> list;
  bool all_exist = true;
  for (size_t i = 0; i < asked.size; i++) {
    list.push_back(row_of(asked.data[i], rows));
    all_exist &= list.back() < rows;
  }
  uint8_t* const list_place =
      lists.place({reinterpret_cast<const uint8_t*>(list.data()), list.size() * sizeof(uint64_t)}, 0);
  const uint64_t* const numbers = reinterpret_cast<const uint64_t*>(list_place);

  uint8_t* const matrix = matrices.place(rows * row_results, 0);
  check_ok(qn_dequantize(sets_with_threads(1)[0].device.get(), format.format, source, rows * row_size, output, matrix,
                         rows * row_results),
           "qn_dequantize");
  uint8_t* const destination = destinations.place(list.size() * row_results, destination_place);
  for (const Set& set : sets_with_threads(1)) {
    destinations.mark();
    const qn_status status =
        qn_dequantize_rows(set.device.get(), format.format, source, rows * row_size, values_per_row, numbers,
                           list.size(), output, destination, list.size() * row_results);
    if (!all_exist) {
      check_fails(status, QN_ERROR_INVALID_ARGUMENT, "qn_dequantize_rows of a row that is not there");
      destinations.check_nothing_was_written(set.name);
      continue;
    }
    check_ok(status, "qn_dequantize_rows");
    destinations.check_nothing_beside_was_written(set.name);
    for (size_t i = 0; i < list.size(); i++)
      check_same(matrix + list[i] * row_results, destination + i * row_results, row_results, output, qn_last_kernel());
  }
  return 0;
}
