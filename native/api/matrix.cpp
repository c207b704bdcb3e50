// SPDX-License-Identifier: MIT
//
// Packed matrices: everything a caller can get wrong is found here, before a device sees the work.
#include "dequantize.h"
#include "device.h"
#include "error.h"
#include "format_table.h"
#include "matrix_layouts.h"
#include "structs.h"

using namespace qn;
using portable::Matrix;

namespace {

// No more weights than this: whatever is computed from a matrix's shape fits in 64 bits then.
constexpr uint64_t kMostWeights = uint64_t{1} << 52;

unsigned long long number(uint64_t value) { return value; }

qn_status check_multiple(const LayoutFacts& facts, const char* what, uint64_t value, uint64_t multiple, uint32_t bits) {
  if (value % multiple == 0) return QN_OK;
  return fail(QN_ERROR_SIZE, "%s of %u bits needs a multiple of %llu %s, found %llu", facts.name, bits,
              number(multiple), what, number(value));
}

qn_status check_array(const char* name, const void* array, size_t size, uint64_t expected) {
  if (size != expected) return fail(QN_ERROR_SIZE, "%s has %zu bytes, expected %llu", name, size, number(expected));
  if (!array) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", name);
  return QN_OK;
}

// Layout, shape, bits and flags. Fills in what at() needs except for the arrays.
qn_status check_shape(const qn_matrix& from, Matrix& m) {
  const int place = layout_place(from.layout);
  if (place < 0)
    return fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of a matrix layout", static_cast<int>(from.layout));
  const LayoutFacts& facts = kLayouts[place];
  if (from.bits > 31 || !(facts.bits >> from.bits & 1))
    return fail(QN_ERROR_UNSUPPORTED, "%s has no codes of %u bits", facts.name, from.bits);
  if (from.reserved || from.flags & ~uint32_t{QN_MATRIX_ZERO_PLUS_ONE | QN_MATRIX_ZERO_WRAPS})
    return fail(QN_ERROR_UNSUPPORTED, "the matrix has flags 0x%x and reserved %u, which this library does not know",
                from.flags, from.reserved);
  if (from.flags && from.layout != QN_MATRIX_GPTQ)
    return fail(QN_ERROR_UNSUPPORTED, "%s has no flags, found 0x%x", facts.name, from.flags);
  if (from.flags == QN_MATRIX_ZERO_WRAPS)
    return fail(QN_ERROR_UNSUPPORTED, "QN_MATRIX_ZERO_WRAPS needs QN_MATRIX_ZERO_PLUS_ONE");
  if (!from.rows || !from.columns || from.rows > kMostWeights / from.columns)
    return fail(QN_ERROR_SIZE, "a matrix of %llu x %llu weights, expected 1 to 2^52", number(from.rows),
                number(from.columns));
  if (const qn_status status = check_multiple(facts, "rows", from.rows, facts.row_multiple(from.bits), from.bits))
    return status;
  if (const qn_status status =
          check_multiple(facts, "columns", from.columns, facts.column_multiple(from.bits), from.bits))
    return status;
  switch (from.scale_format) {
    case QN_FORMAT_F32:
      m.scale_bytes = 4;
      break;
    case QN_FORMAT_F16:
      m.scale_bytes = 2;
      break;
    case QN_FORMAT_BF16:
      m.scale_bytes = 2;
      m.bfloat_scales = 1;
      break;
    default:
      return fail(QN_ERROR_UNSUPPORTED, "scale_format is %d, expected F16, BF16 or F32",
                  static_cast<int>(from.scale_format));
  }
  m.rows = from.rows;
  m.columns = from.columns;
  m.group = from.group_size ? from.group_size : from.columns;
  m.groups = (m.columns - 1) / m.group + 1;
  m.bits = from.bits;
  m.zero_add = from.flags & QN_MATRIX_ZERO_PLUS_ONE ? 1 : 0;
  m.zero_mask = from.flags & QN_MATRIX_ZERO_WRAPS ? (1u << from.bits) - 1 : ~0u;
  return QN_OK;
}

// The list of groups, which is left out where it says nothing: all zeros.
qn_status check_index(const qn_matrix& from, const LayoutFacts& facts, Matrix& m) {
  if (!from.group_index && !from.group_index_size) return QN_OK;
  if (!facts.indexed) return fail(QN_ERROR_UNSUPPORTED, "%s has no group_index", facts.name);
  if (const qn_status status =
          check_array("group_index", from.group_index, from.group_index_size, uint64_t{4} * m.columns))
    return status;
  const uint8_t* const index = static_cast<const uint8_t*>(from.group_index);
  uint32_t any = 0;
  for (uint64_t i = 0; i < m.columns; i++) {
    const uint32_t group = Matrix::word(index, i);
    any |= group;
    if (group >= m.groups)
      return fail(QN_ERROR_INVALID_ARGUMENT, "group_index[%llu] is %d, expected 0 to %llu", number(i),
                  static_cast<int>(group), number(m.groups - 1));
  }
  if (any) m.group_index = index;
  return QN_OK;
}

qn_status check(const qn_matrix* from, int& layout, Matrix& m) {
  if (!from) return fail(QN_ERROR_INVALID_ARGUMENT, "matrix is null");
  qn_matrix value;
  if (const qn_status status = read(from, value, "matrix")) return status;
  m = {};
  if (const qn_status status = check_shape(value, m)) return status;
  layout = layout_place(value.layout);
  const LayoutFacts& facts = kLayouts[layout];
  if (const qn_status status = check_array("codes", value.codes, value.codes_size, facts.code_bytes(m))) return status;
  if (const qn_status status =
          check_array("scales", value.scales, value.scales_size, facts.scale_count(m) * m.scale_bytes))
    return status;
  m.codes = static_cast<const uint8_t*>(value.codes);
  m.scales = static_cast<const uint8_t*>(value.scales);
  if (value.zeros || value.zeros_size) {
    if (const qn_status status = check_array("zeros", value.zeros, value.zeros_size, facts.zero_bytes(m)))
      return status;
    m.zeros = static_cast<const uint8_t*>(value.zeros);
  }
  return check_index(value, facts, m);
}

// Results must overwrite none of the arrays.
qn_status check_apart(const LayoutFacts& facts, const Matrix& m, const void* destination, size_t size) {
  const struct {
    const char* name;
    const void* array;
    uint64_t size;
  } arrays[] = {{"codes", m.codes, facts.code_bytes(m)},
                {"scales", m.scales, facts.scale_count(m) * m.scale_bytes},
                {"zeros", m.zeros, m.zeros ? facts.zero_bytes(m) : 0},
                {"group_index", m.group_index, m.group_index ? 4 * m.columns : 0}};
  for (const auto& array : arrays)
    if (overlap(array.array, array.size, destination, size))
      return fail(QN_ERROR_INVALID_ARGUMENT, "%s and destination overlap", array.name);
  return QN_OK;
}

}  // namespace

qn_status qn_matrix_check(const qn_matrix* matrix) {
  int layout;
  Matrix m;
  return check(matrix, layout, m);
}

qn_status qn_dequantize_matrix(qn_device* device, const qn_matrix* matrix, qn_order order, uint64_t first,
                               uint64_t count, qn_format output, void* destination, size_t destination_size) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  MatrixWork work;
  if (const qn_status status = check(matrix, work.layout, work.matrix)) return status;
  if (order != QN_ORDER_ROWS && order != QN_ORDER_COLUMNS)
    return fail(QN_ERROR_INVALID_ARGUMENT, "order is %d, expected QN_ORDER_ROWS or QN_ORDER_COLUMNS",
                static_cast<int>(order));
  if (const qn_status status = check_output(output, work.output)) return status;
  const Matrix& m = work.matrix;
  const bool rows = order == QN_ORDER_ROWS;
  const uint64_t lines = rows ? m.rows : m.columns;
  if (first > lines || count > lines - first)
    return fail(QN_ERROR_INVALID_ARGUMENT, "%s %llu to %llu of %llu", rows ? "rows" : "columns", number(first),
                number(first) + number(count), number(lines));
  if (count == 0) return QN_OK;
  work.line_length = rows ? m.columns : m.rows;
  const uint64_t size = count * work.line_length * (work.output == 0 ? 4 : 2);
  if (!destination) return fail(QN_ERROR_INVALID_ARGUMENT, "destination is null");
  if (destination_size < size)
    return fail(QN_ERROR_SIZE, "destination has %zu bytes, expected at least %llu", destination_size, number(size));
  const LayoutFacts& facts = kLayouts[work.layout];
  if (const qn_status status = check_apart(facts, m, destination, size)) return status;
  work.transposed = rows != facts.lines_are_rows;
  work.first = first;
  work.count = count;
  work.destination = static_cast<uint8_t*>(destination);
  return device->dequantize(work, last_kernel());
}
