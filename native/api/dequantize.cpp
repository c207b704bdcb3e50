// SPDX-License-Identifier: MIT
//
// Dequantizing: everything a caller can get wrong is found here, before a device sees the work.
#include "dequantize.h"

#include "cuda_device.h"
#include "error.h"
#include "format_table.h"
#include "streams.h"

using namespace qn;

namespace qn {

bool overlap(const void* a, size_t a_size, const void* b, size_t b_size) {
  const auto a_first = reinterpret_cast<uintptr_t>(a), b_first = reinterpret_cast<uintptr_t>(b);
  return a_size && b_size && (a_first < b_first ? b_first - a_first < a_size : a_first - b_first < b_size);
}

qn_status check_output(qn_format output, int& column) {
  if (format_place(output) < 0)
    return fail(QN_ERROR_INVALID_ARGUMENT, "output is %d, which is not the number of a format", output);
  column = output_column(output);
  if (column < 0)
    return fail(QN_ERROR_UNSUPPORTED, "output is %s, expected F32, F16 or BF16", kFormats[format_place(output)].name);
  return QN_OK;
}

const char*& last_kernel() {
  thread_local const char* name = "";
  return name;
}

}  // namespace qn

namespace {

// What all entry points check; fills in the formats and block sizes.
qn_status prepare(qn_format format, const void* source, size_t source_size, qn_format output, DequantizeWork& work) {
  work.format = format_place(format);
  if (work.format < 0) return fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of a format", format);
  if (const qn_status status = check_output(output, work.output); status != QN_OK) return status;
  if (!source && source_size) return fail(QN_ERROR_INVALID_ARGUMENT, "source is null");
  const FormatFacts& facts = kFormats[work.format];
  work.source = static_cast<const uint8_t*>(source);
  work.source_block = facts.bytes_per_block;
  work.destination_block = facts.values_per_block * size_t{work.output == 0 ? 4u : 2u};
  return QN_OK;
}

// Checks that the destination has room for `blocks` blocks of results.
qn_status check_room(const DequantizeWork& work, size_t blocks, const void* destination, size_t destination_size) {
  if (blocks == 0) return QN_OK;
  if (!destination) return fail(QN_ERROR_INVALID_ARGUMENT, "destination is null");
  if (destination_size / work.destination_block < blocks)
    return fail(QN_ERROR_SIZE, "destination has %zu bytes, expected at least %zu blocks of %zu", destination_size,
                blocks, work.destination_block);
  return QN_OK;
}

// Checks that results overwrite neither what they are made from nor the list of rows.
qn_status check_apart(const DequantizeWork& work, size_t source_size, size_t blocks, const void* destination) {
  const size_t size = blocks * work.destination_block;
  if (overlap(work.source, source_size, destination, size))
    return fail(QN_ERROR_INVALID_ARGUMENT, "source and destination overlap");
  // Numbers that results overwrite would no longer be those that were checked.
  if (overlap(work.rows, work.row_count * sizeof *work.rows, destination, size))
    return fail(QN_ERROR_INVALID_ARGUMENT, "rows and destination overlap");
  return QN_OK;
}

// All checks of work on whole blocks.
qn_status check_blocks(qn_format format, const void* source, size_t source_size, qn_format output, void* destination,
                       size_t destination_size, DequantizeWork& work) {
  if (const qn_status status = prepare(format, source, source_size, output, work); status != QN_OK) return status;
  const FormatFacts& facts = kFormats[work.format];
  if (source_size % work.source_block)
    return fail(QN_ERROR_SIZE, "%zu bytes of %s are not whole blocks of %zu", source_size, facts.name,
                work.source_block);
  work.blocks = source_size / work.source_block;
  if (const qn_status status = check_room(work, work.blocks, destination, destination_size); status != QN_OK)
    return status;
  work.destination = static_cast<uint8_t*>(destination);
  return check_apart(work, source_size, work.blocks, destination);
}

// All checks of work on rows of a list.
qn_status check_rows(qn_format format, const void* source, size_t source_size, uint64_t values_per_row,
                     const uint64_t* rows, size_t row_count, qn_format output, void* destination,
                     size_t destination_size, DequantizeWork& work) {
  if (const qn_status status = prepare(format, source, source_size, output, work); status != QN_OK) return status;
  const FormatFacts& facts = kFormats[work.format];
  if (values_per_row == 0 || values_per_row % facts.values_per_block)
    return fail(QN_ERROR_SIZE, "rows of %llu weights of %s are not whole blocks of %u",
                static_cast<unsigned long long>(values_per_row), facts.name, facts.values_per_block);
  // No product may wrap: a row that is larger than source is refused by the division already.
  const uint64_t blocks_per_row = values_per_row / facts.values_per_block;
  const bool fits = blocks_per_row <= source_size / work.source_block;
  if (source_size && (!fits || source_size % (blocks_per_row * work.source_block)))
    return fail(QN_ERROR_SIZE, "%zu bytes of %s are not whole rows of %llu weights", source_size, facts.name,
                static_cast<unsigned long long>(values_per_row));
  const uint64_t available = fits && source_size ? source_size / (blocks_per_row * work.source_block) : 0;
  if (!rows && row_count) return fail(QN_ERROR_INVALID_ARGUMENT, "rows is null");
  if (row_count && blocks_per_row > SIZE_MAX / row_count)
    return fail(QN_ERROR_SIZE, "%zu rows of %llu weights are more than memory can hold", row_count,
                static_cast<unsigned long long>(values_per_row));
  // Before the list is read: a wrong row_count is most likely to show here.
  if (const qn_status status = check_room(work, blocks_per_row * row_count, destination, destination_size);
      status != QN_OK)
    return status;
  for (size_t i = 0; i < row_count; i++)
    if (rows[i] >= available)
      return fail(QN_ERROR_INVALID_ARGUMENT, "rows[%zu] is %llu, expected less than %llu", i,
                  static_cast<unsigned long long>(rows[i]), static_cast<unsigned long long>(available));
  work.blocks = row_count ? blocks_per_row : 0;
  work.rows = rows;
  work.row_count = row_count;
  work.destination = static_cast<uint8_t*>(destination);
  return check_apart(work, source_size, blocks_per_row * row_count, destination);
}

bool has_results(const DequantizeWork& work) { return work.blocks != 0; }

}  // namespace

const char* qn_last_kernel(void) { return last_kernel(); }

qn_status qn_dequantize(qn_device* device, qn_format format, const void* source, size_t source_size, qn_format output,
                        void* destination, size_t destination_size) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  DequantizeWork work;
  const qn_status status = check_blocks(format, source, source_size, output, destination, destination_size, work);
  return status == QN_OK && has_results(work) ? device->dequantize(work, last_kernel()) : status;
}

qn_status qn_dequantize_rows(qn_device* device, qn_format format, const void* source, size_t source_size,
                             uint64_t values_per_row, const uint64_t* rows, size_t row_count, qn_format output,
                             void* destination, size_t destination_size) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  DequantizeWork work;
  const qn_status status = check_rows(format, source, source_size, values_per_row, rows, row_count, output, destination,
                                      destination_size, work);
  return status == QN_OK && has_results(work) ? device->dequantize(work, last_kernel()) : status;
}

qn_status qn_dequantize_async(qn_stream* stream, qn_format format, uint64_t source, size_t source_size,
                              qn_format output, uint64_t destination, size_t destination_size) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  DequantizeWork work;
  const qn_status status =
      check_blocks(format, on_device(source), source_size, output, on_device(destination), destination_size, work);
  return status == QN_OK && has_results(work) ? queue(*stream, work, last_kernel()) : status;
}

qn_status qn_dequantize_rows_async(qn_stream* stream, qn_format format, uint64_t source, size_t source_size,
                                   uint64_t values_per_row, const uint64_t* rows, size_t row_count, qn_format output,
                                   uint64_t destination, size_t destination_size) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  DequantizeWork work;
  const qn_status status = check_rows(format, on_device(source), source_size, values_per_row, rows, row_count, output,
                                      on_device(destination), destination_size, work);
  return status == QN_OK && has_results(work) ? queue(*stream, work, last_kernel()) : status;
}

qn_status qn_dequantize_to_device(qn_device* device, qn_format format, const void* source, size_t source_size,
                                  qn_format output, uint64_t destination, size_t destination_size) {
  qn_status status;
  CudaDevice* const gpu = require_cuda(device, status);
  if (!gpu) return status;
  DequantizeWork work;
  status = check_blocks(format, source, source_size, output, on_device(destination), destination_size, work);
  return status == QN_OK && has_results(work) ? gpu->dequantize_to(destination, work, last_kernel()) : status;
}
