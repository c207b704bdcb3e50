// SPDX-License-Identifier: MIT
//
// Packed matrices: everything a caller can get wrong is found here, before a device sees the work.
#include "dequantize.h"
#include "device.h"
#include "error.h"
#include "format_table.h"
#include "matrix_layouts.h"
#include "streams.h"
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

uint64_t quotient_up(uint64_t value, uint64_t by) { return (value - 1) / by + 1; }

qn_status check_scale_format(const qn_matrix& from, const LayoutFacts& facts, Matrix& m) {
  m.scale_bytes = from.scale_format == QN_FORMAT_F32 ? 4 : 2;
  m.bfloat_scales = from.scale_format == QN_FORMAT_BF16;
  const int format = static_cast<int>(from.scale_format);
  if (facts.scales == portable::Scales::kFloats) {
    if (from.scale_format == QN_FORMAT_F32 || from.scale_format == QN_FORMAT_F16 || m.bfloat_scales) return QN_OK;
    return fail(QN_ERROR_UNSUPPORTED, "scale_format is %d, expected F16, BF16 or F32", format);
  }
  if (from.scale_format != QN_FORMAT_F32)
    return fail(QN_ERROR_UNSUPPORTED, "scale_format is %d, expected 0: %s knows what its scales are", format,
                facts.name);
  if (facts.scales == portable::Scales::kBytes || from.scale_levels) m.scale_bytes = 1;
  return QN_OK;
}

// Groups of columns, rows and scales.
qn_status check_groups(const qn_matrix& from, const LayoutFacts& facts, Matrix& m) {
  const uint64_t expected = facts.group == portable::kOneGroup ? 0 : facts.group;
  if (facts.group != portable::kAnyGroup && from.group_size != expected)
    return fail(QN_ERROR_SIZE, "group_size of %s is %llu, expected %llu", facts.name, number(from.group_size),
                number(expected));
  if (from.group_rows && !(facts.arrays & portable::kGroupRows))
    return fail(QN_ERROR_UNSUPPORTED, "%s has no group_rows, found %llu", facts.name, number(from.group_rows));
  m.group = from.group_size ? from.group_size : from.columns;
  if (m.group > kMostWeights) m.group = kMostWeights;
  m.group_rows = from.group_rows ? from.group_rows : 1;
  m.groups = quotient_up(m.columns, m.group);
  return QN_OK;
}

qn_status find_layout(qn_matrix_layout layout, int& place) {
  place = layout_place(layout);
  if (place >= 0) return QN_OK;
  return fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of a matrix layout", static_cast<int>(layout));
}

bool has_bits(const LayoutFacts& facts, uint32_t bits) { return bits < 32 && (facts.bits >> bits & 1) != 0; }

// Layout, shape, bits and flags. Fills in what at() needs except for the arrays.
qn_status check_shape(const qn_matrix& from, const LayoutFacts& facts, Matrix& m) {
  if (!has_bits(facts, from.bits))
    return fail(QN_ERROR_UNSUPPORTED, "%s has no codes of %u bits", facts.name, from.bits);
  if (from.flags & ~facts.flags)
    return fail(QN_ERROR_UNSUPPORTED, "%s has no flag 0x%x", facts.name, from.flags & ~facts.flags);
  if (from.reserved) return fail(QN_ERROR_UNSUPPORTED, "reserved is %u, expected 0", from.reserved);
  if (from.flags & QN_MATRIX_ZERO_WRAPS && !(from.flags & QN_MATRIX_ZERO_PLUS_ONE))
    return fail(QN_ERROR_UNSUPPORTED, "QN_MATRIX_ZERO_WRAPS needs QN_MATRIX_ZERO_PLUS_ONE");
  if (!from.rows || !from.columns || from.rows > kMostWeights / from.columns)
    return fail(QN_ERROR_SIZE, "a matrix of %llu x %llu weights, expected 1 to 2^52", number(from.rows),
                number(from.columns));
  if (const qn_status status = check_multiple(facts, "rows", from.rows, facts.row_multiple(from.bits), from.bits))
    return status;
  if (const qn_status status =
          check_multiple(facts, "columns", from.columns, facts.column_multiple(from.bits), from.bits))
    return status;
  m.rows = from.rows;
  m.columns = from.columns;
  m.bits = from.bits;
  m.zero_add = from.flags & QN_MATRIX_ZERO_PLUS_ONE ? 1 : 0;
  m.zero_mask = from.flags & QN_MATRIX_ZERO_WRAPS ? (1u << from.bits) - 1 : ~0u;
  m.padded = from.flags & QN_MATRIX_PADDED ? 1 : 0;
  m.divided = from.flags & QN_MATRIX_SCALES_DIVIDED ? 1 : 0;
  m.global_scale = from.global_scale;
  if (from.global_scale != 0 && !(facts.arrays & portable::kGlobalScale))
    return fail(QN_ERROR_UNSUPPORTED, "%s has no global_scale", facts.name);
  if (const qn_status status = check_scale_format(from, facts, m)) return status;
  return check_groups(from, facts, m);
}

// An array that a layout may have or not.
qn_status check_optional(const LayoutFacts& facts, uint32_t kind, const char* name, const void* array, size_t size,
                         uint64_t expected, const uint8_t*& to) {
  if (!array && !size) return facts.needed & kind ? fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", name) : QN_OK;
  if (!(facts.arrays & kind)) return fail(QN_ERROR_UNSUPPORTED, "%s has no %s", facts.name, name);
  to = static_cast<const uint8_t*>(array);
  return check_array(name, array, size, expected);
}

// Where the arrays of a matrix are: what is on the GPU cannot be read here.
enum class Memory { kHost, kGpu };

// The list of groups, which is left out where it says nothing: all zeros.
qn_status check_index(const qn_matrix& from, const LayoutFacts& facts, Memory memory, Matrix& m) {
  const uint8_t* index = nullptr;
  if (const qn_status status = check_optional(facts, portable::kGroupIndex, "group_index", from.group_index,
                                              from.group_index_size, 4 * m.columns, index))
    return status;
  if (memory == Memory::kGpu) {
    m.group_index = index;
    return QN_OK;
  }
  uint32_t any = 0;
  for (uint64_t i = 0; index && i < m.columns; i++) {
    const uint32_t group = Matrix::word(index, i);
    any |= group;
    if (group >= m.groups)
      return fail(QN_ERROR_INVALID_ARGUMENT, "group_index[%llu] is %d, expected 0 to %llu", number(i),
                  static_cast<int>(group), number(m.groups - 1));
  }
  if (any) m.group_index = index;
  return QN_OK;
}

// The values of codes, and scales that are codes themselves.
qn_status check_levels(const qn_matrix& from, const LayoutFacts& facts, Matrix& m) {
  if (const qn_status status = check_optional(facts, portable::kLevels, "levels", from.levels, from.levels_size,
                                              uint64_t{4} << from.bits, m.levels))
    return status;
  if (const qn_status status = check_optional(facts, portable::kScaleLevels, "scale_levels", from.scale_levels,
                                              from.scale_levels_size, 4 * 256, m.scale_levels))
    return status;
  if (m.scale_levels && !from.scale_group) return fail(QN_ERROR_SIZE, "scale_group is 0, expected 1 or more");
  if (!m.scale_levels && (from.scale_group || from.scale_scales || from.scale_offset != 0))
    return fail(QN_ERROR_INVALID_ARGUMENT, "scale_group, scale_scales and scale_offset need scale_levels");
  if (!m.scale_levels) return QN_OK;
  m.scale_group = from.scale_group;
  m.scale_offset = from.scale_offset;
  m.scale_scales = static_cast<const uint8_t*>(from.scale_scales);
  return check_array("scale_scales", from.scale_scales, from.scale_scales_size,
                     4 * quotient_up(facts.scale_count(m), from.scale_group));
}

qn_status check(const qn_matrix* from, Memory memory, int& layout, Matrix& m) {
  if (!from) return fail(QN_ERROR_INVALID_ARGUMENT, "matrix is null");
  qn_matrix value;
  if (const qn_status status = read(from, value, "matrix")) return status;
  if (const qn_status status = find_layout(value.layout, layout)) return status;
  const LayoutFacts& facts = kLayouts[layout];
  m = {};
  if (const qn_status status = check_shape(value, facts, m)) return status;
  if (const qn_status status = check_array("codes", value.codes, value.codes_size, facts.code_bytes(m))) return status;
  if (const qn_status status =
          check_array("scales", value.scales, value.scales_size, facts.scale_count(m) * m.scale_bytes))
    return status;
  m.codes = static_cast<const uint8_t*>(value.codes);
  m.scales = static_cast<const uint8_t*>(value.scales);
  if (const qn_status status =
          check_optional(facts, portable::kZeros, "zeros", value.zeros, value.zeros_size, facts.zero_bytes(m), m.zeros))
    return status;
  if (const qn_status status = check_index(value, facts, memory, m)) return status;
  return check_levels(value, facts, m);
}

// Results must overwrite none of the arrays.
qn_status check_apart(const LayoutFacts& facts, const Matrix& m, const void* destination, size_t size) {
  for (const MatrixArray& array : kMatrixArrays)
    if (overlap(m.*array.array, array.size(facts, m), destination, size))
      return fail(QN_ERROR_INVALID_ARGUMENT, "%s and destination overlap", array.name);
  return QN_OK;
}

qn_status check_order(qn_order order) {
  if (order == QN_ORDER_ROWS || order == QN_ORDER_COLUMNS) return QN_OK;
  return fail(QN_ERROR_INVALID_ARGUMENT, "order is %d, expected QN_ORDER_ROWS or QN_ORDER_COLUMNS",
              static_cast<int>(order));
}

// Everything that a call names. work.count is 0 if there is nothing to do.
qn_status check_work(const qn_matrix* matrix, Memory memory, qn_order order, uint64_t first, uint64_t count,
                     qn_format output, void* destination, size_t destination_size, MatrixWork& work) {
  if (const qn_status status = check(matrix, memory, work.layout, work.matrix)) return status;
  if (const qn_status status = check_order(order)) return status;
  if (const qn_status status = check_output(output, work.output)) return status;
  const Matrix& m = work.matrix;
  const bool rows = order == QN_ORDER_ROWS;
  const uint64_t lines = rows ? m.rows : m.columns;
  if (first > lines || count > lines - first)
    return fail(QN_ERROR_INVALID_ARGUMENT, "%s %llu to %llu of %llu", rows ? "rows" : "columns", number(first),
                number(first) + number(count), number(lines));
  work.count = count;
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
  work.destination = static_cast<uint8_t*>(destination);
  return QN_OK;
}

}  // namespace

qn_status qn_matrix_check(const qn_matrix* matrix) {
  int layout;
  Matrix m;
  return check(matrix, Memory::kHost, layout, m);
}

qn_status qn_device_matrix_capability(const qn_device* device, qn_operation operation, qn_matrix_layout layout,
                                      uint32_t bits, qn_order order, qn_format to, qn_capability* capability) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  int place;
  if (const qn_status status = find_layout(layout, place)) return status;
  if (const qn_status status = check_order(order)) return status;
  if (format_place(to) < 0)
    return fail(QN_ERROR_INVALID_ARGUMENT, "to is %d, which is no format", static_cast<int>(to));
  qn_capability value{};
  value.kernel = "";
  // Kernels decode to either order.
  if (has_bits(kLayouts[place], bits)) value = device->matrix_capability(operation, place, bits, output_column(to));
  return fill(capability, value, "capability");
}

qn_status qn_dequantize_matrix(qn_device* device, const qn_matrix* matrix, qn_order order, uint64_t first,
                               uint64_t count, qn_format output, void* destination, size_t destination_size) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  MatrixWork work;
  const qn_status status =
      check_work(matrix, Memory::kHost, order, first, count, output, destination, destination_size, work);
  return status == QN_OK && work.count > 0 ? device->dequantize(work, last_kernel()) : status;
}

qn_status qn_dequantize_matrix_async(qn_stream* stream, const qn_matrix* matrix, qn_order order, uint64_t first,
                                     uint64_t count, qn_format output, uint64_t destination, size_t destination_size) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  MatrixWork work;
  const qn_status status =
      check_work(matrix, Memory::kGpu, order, first, count, output, on_device(destination), destination_size, work);
  return status == QN_OK && work.count > 0 ? queue(*stream, work, last_kernel()) : status;
}
