// SPDX-License-Identifier: MIT
#include "../formats/formats.h"

#include "format_table.h"
#include "structs.h"

namespace qn {

// The header's numbers and the list's are the same.
#define QN_CHECK(format, number) static_assert(QN_FORMAT_##format == number);
QN_FORMATS(QN_CHECK)
#undef QN_CHECK

const FormatFacts kFormats[] = {
#define QN_FACTS(format, number)                                                                                      \
  {QN_FORMAT_##format,        portable::format::kValues, sizeof(portable::format), portable::format::kGroup, #format, \
   portable::format::kFormula},
    QN_FORMATS(QN_FACTS)
#undef QN_FACTS
};

const size_t kFormatCount = sizeof kFormats / sizeof *kFormats;

namespace {

// GGUF's numbers begin at 0 and ours at 0x1000, each without large gaps: two short ranges, so that a place is one
// look-up.
constexpr unsigned kRange = 64, kOurs = 0x1000;

constexpr unsigned kSlots = 2 * kRange;

// Where a number stands in the two ranges; kSlots or more if in none.
constexpr unsigned slot(unsigned number) {
  if (number < kRange) return number;
  return number >= kOurs ? number - kOurs + kRange : kSlots;
}

#define QN_CHECK(format, number) static_assert(slot(number) < kSlots, #format " needs a longer range");
QN_FORMATS(QN_CHECK)
#undef QN_CHECK

struct Places {
  int8_t of[kSlots];
  constexpr Places() : of() {
    int8_t place = 0;
    for (int8_t& entry : of)
      entry = -1;
#define QN_PLACE(format, number) of[slot(number)] = place++;
    QN_FORMATS(QN_PLACE)
#undef QN_PLACE
  }
};
constexpr Places kPlaces;

}  // namespace

int format_place(qn_format format) {
  const unsigned place = slot(static_cast<unsigned>(format));
  return place < kSlots ? kPlaces.of[place] : -1;
}

int output_column(qn_format format) {
  switch (format) {
    case QN_FORMAT_F32:
      return 0;
    case QN_FORMAT_F16:
      return 1;
    case QN_FORMAT_BF16:
      return 2;
    default:
      return -1;
  }
}

}  // namespace qn

using namespace qn;

size_t qn_format_count(void) { return kFormatCount; }

static qn_status fill_info(const FormatFacts& facts, qn_format_info* info) {
  qn_format_info value{};
  value.format = facts.format;
  value.values_per_block = facts.values_per_block;
  value.bytes_per_block = facts.bytes_per_block;
  value.values_per_group = facts.values_per_group;
  value.name = facts.name;
  value.formula = facts.formula;
  return fill(info, value, "info");
}

qn_status qn_format_at(size_t index, qn_format_info* info) {
  if (index >= kFormatCount)
    return fail(QN_ERROR_INVALID_ARGUMENT, "format index is %zu, expected less than %zu", index, kFormatCount);
  return fill_info(kFormats[index], info);
}

qn_status qn_format_get(qn_format format, qn_format_info* info) {
  const int place = format_place(format);
  if (place < 0) return fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of a format", static_cast<int>(format));
  return fill_info(kFormats[place], info);
}
