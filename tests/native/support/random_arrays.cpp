// SPDX-License-Identifier: MIT
#include "random_arrays.h"

#include <cstring>
#include <initializer_list>

namespace test {

RandomArrays::RandomArrays(qn_matrix_layout layout, Random& random, bool wide) {
  const auto any = [&](std::initializer_list<uint64_t> choices) {
    return choices.begin()[random.next() % choices.size()];
  };
  const auto up = [](uint64_t value, uint64_t by) { return (value + by - 1) / by; };
  view.struct_size = sizeof view;
  view.layout = layout;
  view.rows = 4 * (1 + random.next() % 40);
  view.columns = 64 * (1 + random.next() % 6 + (wide ? 64 : 0)) + any({0, 0, 32});
  view.group_size = any({0, 16, 24, 32, 64, 128});
  view.bits = 4;
  view.scale_format = static_cast<qn_format>(any({QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16}));
  if (layout == QN_MATRIX_GPTQ || layout == QN_MATRIX_AWQ_GEMM) view.rows *= 8;
  if (layout == QN_MATRIX_AWQ_GEMV_FAST) view.columns = up(view.columns, 64) * 64;
  if (layout == QN_MATRIX_GPTQ) view.bits = static_cast<uint32_t>(any({2, 3, 4, 4, 8}));
  if (layout == QN_MATRIX_PACK_QUANTIZED) {
    view.bits = 1 + random.next() % 8;
    view.columns += random.next() % 32;
    if (random.next() % 3 == 0) view.flags = QN_MATRIX_PADDED;
  }
  if (layout >= QN_MATRIX_MXFP4_ROWS) view.scale_format = QN_FORMAT_F32;
  if (layout == QN_MATRIX_MXFP4_ROWS) view.group_size = 32;
  if (layout == QN_MATRIX_NVFP4_ROWS) {
    view.group_size = 16;
    view.global_scale = 3.25f;
    if (random.next() % 2) view.flags = QN_MATRIX_SCALES_DIVIDED;
  }
  if (layout == QN_MATRIX_LLM_INT8) view.group_size = 0;
  const bool bytes = layout == QN_MATRIX_INT8 || layout == QN_MATRIX_FLOAT8 || layout == QN_MATRIX_LLM_INT8;
  if (bytes) view.bits = 8;
  if (layout == QN_MATRIX_INT8 || layout == QN_MATRIX_FLOAT8) {
    view.columns += random.next() % 32;
    view.group_rows = any({0, 3, 128});
  }

  const uint64_t rows = view.rows, columns = view.columns, group = view.group_size ? view.group_size : columns;
  const uint64_t groups = up(columns, group), size = view.scale_format == QN_FORMAT_F32 ? 4 : 2;
  const uint64_t width = 8 * (group >= 128 ? up(groups, 8) : group >= 64 ? up(groups, 16) * 2 : up(groups, 32) * 4);
  const auto words = [&](uint64_t count) {
    return view.flags & QN_MATRIX_PADDED ? up(count, 32 / view.bits) : up(count * view.bits, 32);
  };
  uint64_t code_bytes = rows * columns / 2, scale_count = rows * groups, zero_bytes = rows * groups / 2;
  if (layout == QN_MATRIX_AWQ_GEMV || layout == QN_MATRIX_AWQ_GEMV_FAST) {
    scale_count = rows * width;
    zero_bytes = layout == QN_MATRIX_AWQ_GEMV ? rows * width / 2 : scale_count * size;
  }
  if (layout == QN_MATRIX_PACK_QUANTIZED) {
    code_bytes = rows * words(columns) * 4;
    zero_bytes = words(rows) * groups * 4;
  }
  if (layout == QN_MATRIX_GPTQ) {
    code_bytes = rows * columns * view.bits / 8;
    zero_bytes = rows * groups * view.bits / 8;
  }
  if ((layout == QN_MATRIX_GPTQ || layout == QN_MATRIX_PACK_QUANTIZED) && random.next() % 3 == 0) {
    std::vector<uint32_t> index(columns);
    for (uint32_t& of : index)
      of = static_cast<uint32_t>(random.next() % groups);
    group_index.resize(4 * columns);
    std::memcpy(group_index.data(), index.data(), 4 * columns);
  }
  if (bytes) code_bytes = rows * columns;
  if (layout == QN_MATRIX_INT8 || layout == QN_MATRIX_FLOAT8)
    scale_count = zero_bytes = up(rows, view.group_rows ? view.group_rows : 1) * groups;
  if (layout == QN_MATRIX_BNB_4BIT) {
    scale_count = up(rows * columns, group);
    levels = random.bytes(64);
  }
  uint64_t scale_bytes = scale_count * size;
  if (layout == QN_MATRIX_MXFP4_ROWS || layout == QN_MATRIX_NVFP4_ROWS) scale_bytes = scale_count;
  if (layout == QN_MATRIX_LLM_INT8) scale_bytes = 4 * rows;
  if (layout == QN_MATRIX_BNB_4BIT && random.next() % 2) {
    scale_bytes = scale_count;
    view.scale_group = 256;
    view.scale_offset = 0.5f;
    scale_levels = random.bytes(1024);
    scale_scales = random.bytes(4 * up(scale_count, 256));
  }
  codes = random.bytes(code_bytes);
  scales = random.bytes(scale_bytes);
  const bool has_zeros = layout <= QN_MATRIX_INT8;
  if (layout == QN_MATRIX_AWQ_GEMV_FAST || (has_zeros && random.next() % 2)) zeros = random.bytes(zero_bytes);
  const auto name = [](const std::vector<uint8_t>& array, const void*& to, size_t& to_size) {
    to = array.empty() ? nullptr : array.data();
    to_size = array.size();
  };
  name(codes, view.codes, view.codes_size);
  name(scales, view.scales, view.scales_size);
  name(zeros, view.zeros, view.zeros_size);
  name(group_index, view.group_index, view.group_index_size);
  name(levels, view.levels, view.levels_size);
  name(scale_levels, view.scale_levels, view.scale_levels_size);
  name(scale_scales, view.scale_scales, view.scale_scales_size);
}

GuardedArrays::GuardedArrays(const RandomArrays& arrays, Guard guard)
    : view(arrays.view),
      codes_(arrays.codes, guard),
      scales_(arrays.scales, guard),
      zeros_(arrays.zeros, guard),
      group_index_(arrays.group_index, guard),
      levels_(arrays.levels, guard),
      scale_levels_(arrays.scale_levels, guard),
      scale_scales_(arrays.scale_scales, guard) {
  const auto move = [](const void*& at, Guarded& copy) {
    if (at) at = copy.data();
  };
  move(view.codes, codes_);
  move(view.scales, scales_);
  move(view.zeros, zeros_);
  move(view.group_index, group_index_);
  move(view.levels, levels_);
  move(view.scale_levels, scale_levels_);
  move(view.scale_scales, scale_scales_);
}

}  // namespace test
