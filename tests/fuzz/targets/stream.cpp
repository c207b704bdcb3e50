// SPDX-License-Identifier: MIT
//
// Results that are larger than the caches: they go to memory by other stores, in pieces that several threads share. The
// input's bytes are repeated to some blocks, those are repeated until there are enough, and so must their results be.
//
// Input: format, output, instruction set, place of the destination, call, then the bytes.
#include <vector>

#include "support/arena.h"
#include "support/devices.h"

using namespace fuzz;

namespace {

constexpr size_t kPatternResults = 16 << 10, kStreamed = 4 << 20, kRoom = 6 << 20;
constexpr uint32_t kThreads = 2;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Arena patterns(128 << 10), sources(4 * kRoom), expectations(64 << 10), destinations(kRoom);
  Input input(data, size);
  const qn_format_info& format = format_of(input.byte());
  const qn_format output = output_of(input.byte());
  const std::vector<Set>& sets = sets_with_threads(kThreads);
  const Set& set = sets[input.byte() % sets.size()];
  const uint8_t place = input.byte();
  const bool by_rows = input.byte() % 2;
  const Bytes packed = input.take(size);
  if (packed.size == 0) return -1;  // not worth keeping
  count_run(format);

  const size_t values = kPatternResults / output_size(output), blocks = values / format.values_per_block;
  const size_t pattern_size = blocks * format.bytes_per_block;
  const size_t pattern_results = blocks * format.values_per_block * output_size(output);
  const size_t repetitions = kStreamed / pattern_results + 2, results = repetitions * pattern_results;
  uint8_t* const pattern = patterns.place(pattern_size, 0);
  for (size_t i = 0; i < pattern_size; i++)
    pattern[i] = packed.data[i % packed.size];
  uint8_t* const expected = expectations.place(pattern_results, 0);
  check_ok(qn_dequantize(sets_with_threads(1)[0].device.get(), format.format, pattern, pattern_size, output, expected,
                         pattern_results),
           "qn_dequantize");

  uint8_t* const destination = destinations.place(results, place);
  destinations.mark();
  if (by_rows) {
    const std::vector<uint64_t> rows(repetitions, 0);
    check_ok(qn_dequantize_rows(set.device.get(), format.format, pattern, pattern_size, values, rows.data(),
                                rows.size(), output, destination, results),
             "qn_dequantize_rows");
  } else {
    uint8_t* const source = sources.place(repetitions * pattern_size, place);
    for (size_t i = 0; i < repetitions; i++)
      std::memcpy(source + i * pattern_size, pattern, pattern_size);
    check_ok(qn_dequantize(set.device.get(), format.format, source, repetitions * pattern_size, output, destination,
                           results),
             "qn_dequantize");
  }
  destinations.check_nothing_beside_was_written(qn_last_kernel());
  for (size_t i = 0; i < repetitions; i++)
    check_same(expected, destination + i * pattern_results, pattern_results, output, qn_last_kernel());
  return 0;
}
