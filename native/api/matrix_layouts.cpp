// SPDX-License-Identifier: MIT
#include "matrix_layouts.h"

#include "../formats/matrices.h"
#include "structs.h"

namespace qn {

// The header's numbers and the list's are the same, and begin at 1 without gaps.
#define QN_CHECK(name, number) static_assert(QN_MATRIX_##name == number);
QN_MATRICES(QN_CHECK)
#undef QN_CHECK

const LayoutFacts kLayouts[] = {
#define QN_FACTS(name, number)                       \
  {QN_MATRIX_##name,                                 \
   portable::name::kLines == portable::Lines::kRows, \
   portable::name::kIndexed,                         \
   portable::name::kBits,                            \
   #name,                                            \
   portable::name::kFormula,                         \
   portable::name::row_multiple,                     \
   portable::name::column_multiple,                  \
   portable::name::code_bytes,                       \
   portable::name::scale_count,                      \
   portable::name::zero_bytes},
    QN_MATRICES(QN_FACTS)
#undef QN_FACTS
};

const size_t kLayoutCount = sizeof kLayouts / sizeof *kLayouts;

int layout_place(qn_matrix_layout layout) {
  const auto number = static_cast<uint32_t>(layout);
  return number >= 1 && number <= kLayoutCount ? static_cast<int>(number - 1) : -1;
}

}  // namespace qn

using namespace qn;

size_t qn_matrix_layout_count(void) { return kLayoutCount; }

qn_status qn_matrix_layout_at(size_t index, qn_matrix_layout_info* info) {
  if (index >= kLayoutCount)
    return fail(QN_ERROR_INVALID_ARGUMENT, "index is %zu, expected less than %zu", index, kLayoutCount);
  const LayoutFacts& facts = kLayouts[index];
  qn_matrix_layout_info value{};
  value.layout = facts.layout;
  value.bits = facts.bits;
  value.name = facts.name;
  value.formula = facts.formula;
  return fill(info, value, "info");
}
