// SPDX-License-Identifier: MIT
//
// qn_dequantize: any bytes, any count, any address, between unreadable pages. Every instruction set gives what the
// scalar one gives, and that is the f32 result rounded once.
//
// Input: format, output, place of the source, place of the destination, then the source.
#include "support/arena.h"
#include "support/devices.h"
#include "support/reference.h"

using namespace fuzz;

namespace {

constexpr size_t kSourceRoom = 16 << 10, kMaxSource = 8 << 10, kDestinationRoom = 512 << 10;

void check_rounded_once(const uint8_t* source, const qn_format_info& format, qn_format output, const uint8_t* found) {
  std::vector<uint8_t> weights(format.values_per_block * size_t{4});
  check_ok(qn_dequantize(sets_with_threads(1)[0].device.get(), format.format, source, format.bytes_per_block,
                         QN_FORMAT_F32, weights.data(), weights.size()),
           "qn_dequantize to f32");
  const std::vector<uint8_t> rounded = test::in_format(weights, output);
  check_same(rounded.data(), found, rounded.size(), output, "f32 rounded once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Arena sources(kSourceRoom), expectations(kDestinationRoom), destinations(kDestinationRoom);
  Input input(data, size);
  const qn_format_info& format = format_of(input.byte());
  const qn_format output = output_of(input.byte());
  const uint8_t source_place = input.byte(), destination_place = input.byte();
  const Bytes packed = input.take(kMaxSource);
  const size_t blocks = packed.size / format.bytes_per_block;
  const size_t results = blocks * format.values_per_block * output_size(output);
  count_run(format);

  uint8_t* const destination = destinations.place(results, destination_place);
  destinations.mark();
  qn_device* const any = sets_with_threads(1)[0].device.get();
  if (packed.size % format.bytes_per_block) {
    const uint8_t* const cut = sources.place(packed, source_place);
    check_fails(qn_dequantize(any, format.format, cut, packed.size, output, destination, results), QN_ERROR_SIZE,
                "qn_dequantize of a part of a block");
  }
  const size_t whole = blocks * format.bytes_per_block;
  const uint8_t* const source = sources.place({packed.data, whole}, source_place);
  if (results)
    check_fails(qn_dequantize(any, format.format, source, whole, output, destination, results - 1), QN_ERROR_SIZE,
                "qn_dequantize to a destination that is too short");
  destinations.check_nothing_was_written("qn_dequantize");

  for (const Set& set : sets_with_threads(1)) {
    destinations.mark();
    check_ok(qn_dequantize(set.device.get(), format.format, source, whole, output, destination, results),
             "qn_dequantize");
    destinations.check_nothing_beside_was_written(set.name);
    if (&set != &sets_with_threads(1)[0]) {
      check_same(expectations.data(), destination, results, output, qn_last_kernel());
    } else {
      expectations.place({destination, results}, 0);
      if (blocks) check_rounded_once(source, format, output, destination);
    }
  }
  return 0;
}
