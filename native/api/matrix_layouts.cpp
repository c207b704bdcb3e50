// SPDX-License-Identifier: MIT
#include "matrix_layouts.h"

#include "../formats/matrices.h"
#include "structs.h"

namespace qn {

using portable::Matrix;

// The header's numbers and the list's are the same, and begin at 1 without gaps.
#define QN_CHECK(name, number) static_assert(QN_MATRIX_##name == number);
QN_MATRICES(QN_CHECK)
#undef QN_CHECK

// Those that may have a group_index are the ones in the second list.
#define QN_INDEXED(name, number) +((portable::name::kArrays & portable::kGroupIndex) != 0)
#define QN_LISTED(name, number) +1
static_assert((0 QN_MATRICES(QN_INDEXED)) == (0 QN_INDEXED_MATRICES(QN_LISTED)));
static_assert((0 QN_INDEXED_MATRICES(QN_INDEXED)) == (0 QN_INDEXED_MATRICES(QN_LISTED)));
#undef QN_INDEXED
#undef QN_LISTED

static_assert(portable::kZeroPlusOne == QN_MATRIX_ZERO_PLUS_ONE && portable::kZeroWraps == QN_MATRIX_ZERO_WRAPS);
static_assert(portable::kPadded == QN_MATRIX_PADDED && portable::kScalesDivided == QN_MATRIX_SCALES_DIVIDED);

template <class Layout>
constexpr LayoutFacts facts_of(qn_matrix_layout layout, const char* name) {
  return {layout,
          Layout::kLines == portable::Lines::kRows,
          Layout::kBits,
          Layout::kFlags,
          Layout::kArrays,
          Layout::kNeeded,
          Layout::kScales,
          Layout::kGroup,
          name,
          Layout::kFormula,
          Layout::row_multiple,
          Layout::column_multiple,
          Layout::code_bytes,
          Layout::scale_count,
          Layout::zero_bytes};
}

const LayoutFacts kLayouts[] = {
#define QN_FACTS(name, number) facts_of<portable::name>(QN_MATRIX_##name, #name),
    QN_MATRICES(QN_FACTS)
#undef QN_FACTS
};

const size_t kLayoutCount = sizeof kLayouts / sizeof *kLayouts;

const MatrixArray kMatrixArrays[kMatrixArrayCount] = {
    {"codes", &Matrix::codes, [](const LayoutFacts& facts, const Matrix& m) { return facts.code_bytes(m); }},
    {"scales", &Matrix::scales,
     [](const LayoutFacts& facts, const Matrix& m) { return facts.scale_count(m) * m.scale_bytes; }},
    {"zeros", &Matrix::zeros, [](const LayoutFacts& facts, const Matrix& m) { return facts.zero_bytes(m); }},
    {"group_index", &Matrix::group_index, [](const LayoutFacts&, const Matrix& m) { return 4 * m.columns; }},
    {"levels", &Matrix::levels, [](const LayoutFacts&, const Matrix& m) { return uint64_t{4} << m.bits; }},
    {"scale_levels", &Matrix::scale_levels, [](const LayoutFacts&, const Matrix&) { return uint64_t{4 * 256}; }},
    {"scale_scales", &Matrix::scale_scales,
     [](const LayoutFacts& facts, const Matrix& m) { return 4 * ((facts.scale_count(m) - 1) / m.scale_group + 1); }}};

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
