// SPDX-License-Identifier: MIT
//
// Everything else that a caller hands over: names of devices, options of any length, QUANTNET_ISA, structs to be filled
// in that are shorter or longer than the library's. All of it ends at an unreadable page.
//
// Input: name, QUANTNET_ISA and options, each behind its length, then numbers for the calls that fill in structs.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "support/arena.h"

using namespace fuzz;

namespace {

constexpr size_t kRoom = 8 << 10;
constexpr uint32_t kHead = sizeof(uint32_t);

std::string text_of(Bytes bytes) {
  const std::string all(reinterpret_cast<const char*>(bytes.data), bytes.size);
  return all.c_str();  // up to the first zero, as the library sees it
}

// A struct that says it has `struct_size` bytes, of which `present` are there, at the end of the arena.
template <class Struct>
Struct* place_struct(Arena& arena, uint32_t struct_size, size_t present) {
  const size_t aligned = (present + alignof(Struct) - 1) / alignof(Struct) * alignof(Struct);
  uint8_t* const at = arena.place(aligned, 0);
  arena.mark();
  std::memcpy(at, &struct_size, kHead);
  return reinterpret_cast<Struct*>(at);
}

// Options whose struct_size is true, or one that must be refused before anything behind it is read.
const qn_device_options* options_from(Input& input) {
  // Starting up to 1024 threads for each input would leave no time for other inputs.
  constexpr uint32_t kManyThreads = 4, kAllowedThreads = 1024;
  static Arena arena(kRoom);
  const uint8_t length = input.byte();
  if (length == 0) return nullptr;
  const uint32_t struct_size = length < 250 ? length : input.number<uint32_t>();
  const uint32_t present = struct_size < kHead || struct_size > 4096 ? kHead : struct_size;
  auto* const options = place_struct<qn_device_options>(arena, struct_size, present);
  uint8_t* const fields = reinterpret_cast<uint8_t*>(options) + kHead;
  const Bytes content = input.take(present - kHead);
  std::memset(fields, 0, present - kHead);
  if (content.size) std::memcpy(fields, content.data, content.size);
  uint32_t threads = 0;
  std::memcpy(&threads, fields, std::min<size_t>(sizeof threads, present - kHead));
  if (threads > kManyThreads && threads <= kAllowedThreads) fields[0] = kManyThreads, fields[1] = 0;
  return options;
}

qn_device* open_from(Input& input) {
  static Arena names(kRoom);
  const std::string name = text_of(input.take(input.byte())), variable = text_of(input.take(input.byte()));
  const uint8_t* const place = names.place({reinterpret_cast<const uint8_t*>(name.c_str()), name.size() + 1}, 0);
  setenv("QUANTNET_ISA", variable.c_str(), 1);
  qn_device* device = reinterpret_cast<qn_device*>(0x5a);
  const qn_status status = qn_device_open(reinterpret_cast<const char*>(place), options_from(input), &device);
  check_answer(status, "qn_device_open");
  check((status == QN_OK) == (device != nullptr), "qn_device_open returned %d and the device %p", status,
        static_cast<void*>(device));
  check(status != QN_OK || name == "cpu" || name == "auto", "'%s' was opened", name.c_str());
  return device;
}

// A call that fills in a struct, for a struct of any size.
template <class Struct, class Call>
void fill_in(Input& input, Call call) {
  static Arena arena(kRoom);
  const uint32_t struct_size = input.number<uint16_t>() % 1000u;
  Struct* const to = place_struct<Struct>(arena, struct_size, std::max(struct_size, kHead));
  const qn_status status = call(to);
  check_answer(status, "a call that fills in a struct");
  check(struct_size >= kHead || status != QN_OK, "a struct of %u bytes was filled in", struct_size);
  arena.check_nothing_beside_was_written("a call that fills in a struct");
  check(to->struct_size == struct_size, "struct_size was changed from %u to %u", struct_size, to->struct_size);
  const size_t written = status == QN_OK ? sizeof(Struct) : kHead;
  for (size_t i = written; i < struct_size; i++)
    check(reinterpret_cast<const uint8_t*>(to)[i] == Arena::kUntouched, "byte %zu of the struct was written", i);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  qn_device* const device = open_from(input);
  const auto format = [&] { return static_cast<qn_format>(input.number<int16_t>()); };
  const auto index = [&] { return static_cast<size_t>(input.number<int8_t>()); };
  fill_in<qn_format_info>(input, [&](auto* to) { return qn_format_at(index(), to); });
  fill_in<qn_format_info>(input, [&](auto* to) { return qn_format_get(format(), to); });
  fill_in<qn_isa_info>(input, [&](auto* to) { return qn_isa_at(index(), to); });
  fill_in<qn_device_info>(input, [&](auto* to) { return qn_device_at(index(), to); });
  fill_in<qn_device_info>(input, [&](auto* to) { return qn_device_describe(device, to); });
  fill_in<qn_capability>(input, [&](auto* to) {
    const auto operation = static_cast<qn_operation>(input.number<int8_t>());
    const qn_format from = format(), output = format();
    return qn_device_capability(device, operation, from, output, to);
  });
  qn_device_close(device);
  return 0;
}
