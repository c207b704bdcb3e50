// SPDX-License-Identifier: MIT
//
// Quantizing: everything a caller can get wrong is found here, before a device sees the work; but whether all numbers
// are finite is found while they are encoded, so that they are read once.
#include <math.h>
#include <string.h>

#include "../formats/half.h"
#include "cuda_device.h"
#include "dequantize.h"
#include "device.h"
#include "error.h"
#include "format_table.h"
#include "streams.h"
#include "structs.h"

using namespace qn;

namespace {

using Unsigned = unsigned long long;  // as printf names it

qn_status check_options(const qn_quantize_options* given, QuantizeWork& work) {
  qn_quantize_options options;
  if (const qn_status status = read(given, options, "options"); status != QN_OK) return status;
  constexpr uint32_t kKnown = QN_QUANTIZE_ALLOW_NONFINITE | QN_QUANTIZE_BEST;
  if (options.flags & ~kKnown)
    return fail(QN_ERROR_UNSUPPORTED, "options.flags is %#x, expected any of %#x", options.flags, kKnown);
  work.allow_nonfinite = options.flags & QN_QUANTIZE_ALLOW_NONFINITE;
  work.search_longer = options.flags & QN_QUANTIZE_BEST;
  if (!options.importance) {
    if (options.importance_size) return fail(QN_ERROR_INVALID_ARGUMENT, "options.importance is null");
    return QN_OK;
  }
  if (options.importance_size / sizeof(float) != work.values_per_row || options.importance_size % sizeof(float))
    return fail(QN_ERROR_SIZE, "importance has %zu bytes, expected %llu values of 4", options.importance_size,
                static_cast<Unsigned>(work.values_per_row));
  work.importance = static_cast<const uint8_t*>(options.importance);
  bool all_zero = true;
  for (uint64_t i = 0; i < work.values_per_row; i++) {
    float value;
    memcpy(&value, work.importance + i * sizeof value, sizeof value);
    if (!isfinite(value) || value < 0)
      return fail(QN_ERROR_INVALID_ARGUMENT,
                  "importance[%llu] is %g, expected a number that is finite and not negative", static_cast<Unsigned>(i),
                  static_cast<double>(value));
    all_zero &= value == 0;
  }
  if (all_zero)
    return fail(QN_ERROR_INVALID_ARGUMENT, "importance is 0 in all %llu columns",
                static_cast<Unsigned>(work.values_per_row));
  return QN_OK;
}

qn_status check_apart(const QuantizeWork& work) {
  const uint64_t values = work.rows * work.values_per_row;
  const size_t source_size = values * work.value_size, result_size = values / work.values_per_block * work.block_size;
  if (overlap(work.source, source_size, work.destination, result_size))
    return fail(QN_ERROR_INVALID_ARGUMENT, "source and destination overlap");
  if (work.importance && overlap(work.importance, work.values_per_row * sizeof(float), work.destination, result_size))
    return fail(QN_ERROR_INVALID_ARGUMENT, "importance and destination overlap");
  return QN_OK;
}

// All checks but those of importance; fills in all but that.
qn_status check(qn_format input, const void* source, size_t source_size, uint64_t values_per_row, qn_format format,
                void* destination, size_t destination_size, QuantizeWork& work) {
  if (format_place(input) < 0)
    return fail(QN_ERROR_INVALID_ARGUMENT, "input is %d, which is not the number of a format", input);
  work.input = output_column(input);
  const FormatFacts& numbers = kFormats[format_place(input)];
  if (work.input < 0) return fail(QN_ERROR_UNSUPPORTED, "input is %s, expected F32, F16 or BF16", numbers.name);
  work.format = format_place(format);
  if (work.format < 0) return fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of a format", format);
  if (!source && source_size) return fail(QN_ERROR_INVALID_ARGUMENT, "source is null");

  const FormatFacts& facts = kFormats[work.format];
  work.value_size = numbers.bytes_per_block;
  work.block_size = facts.bytes_per_block;
  work.values_per_block = facts.values_per_block;
  work.values_per_row = values_per_row;
  if (values_per_row == 0 || values_per_row % facts.values_per_block)
    return fail(QN_ERROR_SIZE, "rows of %llu values are not whole blocks of %u of %s",
                static_cast<Unsigned>(values_per_row), facts.values_per_block, facts.name);
  // No product may wrap: a row that is larger than source is refused by the division already.
  const bool fits = values_per_row <= source_size / work.value_size;
  if (source_size && (!fits || source_size % (values_per_row * work.value_size)))
    return fail(QN_ERROR_SIZE, "%zu bytes of %s are not whole rows of %llu values", source_size, numbers.name,
                static_cast<Unsigned>(values_per_row));
  work.rows = source_size ? source_size / (values_per_row * work.value_size) : 0;
  work.source = static_cast<const uint8_t*>(source);

  const uint64_t blocks = work.rows * (values_per_row / facts.values_per_block);
  if (blocks && !destination) return fail(QN_ERROR_INVALID_ARGUMENT, "destination is null");
  if (destination_size / work.block_size < blocks)
    return fail(QN_ERROR_SIZE, "destination has %zu bytes, expected at least %llu blocks of %zu", destination_size,
                static_cast<Unsigned>(blocks), work.block_size);
  work.destination = static_cast<uint8_t*>(destination);
  return QN_OK;
}

qn_status check_aligned(uint64_t address, size_t to, const char* what) {
  if (address % to == 0) return QN_OK;
  return fail(QN_ERROR_INVALID_ARGUMENT, "%s is at %#llx, expected a multiple of %zu", what,
              static_cast<Unsigned>(address), to);
}

float number_at(const QuantizeWork& work, uint64_t place) {
  const uint8_t* const at = work.source + place * work.value_size;
  float value;
  if (work.value_size == sizeof value) {
    memcpy(&value, at, sizeof value);
    return value;
  }
  return work.input == 1 ? portable::Half{{at[0], at[1]}}.to_float() : portable::BFloat16{{at[0], at[1]}}.to_float();
}

}  // namespace

qn_status qn_quantize(qn_device* device, qn_format input, const void* source, size_t source_size,
                      uint64_t values_per_row, const qn_quantize_options* options, qn_format format, void* destination,
                      size_t destination_size) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  QuantizeWork work;
  qn_status status = check(input, source, source_size, values_per_row, format, destination, destination_size, work);
  if (status == QN_OK) status = check_options(options, work);
  if (status == QN_OK) status = check_apart(work);
  if (status != QN_OK) return status;
  uint64_t place = qn_device::kAllFinite;
  const char* kernel = last_kernel();
  status = device->quantize(work, place, kernel);
  if (status != QN_OK) return status;
  if (place == qn_device::kAllFinite) {
    last_kernel() = kernel;
    return QN_OK;
  }
  return fail(QN_ERROR_NOT_FINITE, "source is %s at row %llu, column %llu, expected a finite number",
              isnan(number_at(work, place)) ? "NaN" : "infinite", static_cast<Unsigned>(place / values_per_row),
              static_cast<Unsigned>(place % values_per_row));
}

qn_status qn_quantize_async(qn_stream* stream, qn_format input, uint64_t source, size_t source_size,
                            uint64_t values_per_row, uint64_t importance, uint64_t first_nonfinite, qn_format format,
                            uint64_t destination, size_t destination_size) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  QuantizeWork work;
  qn_status status = check(input, on_device(source), source_size, values_per_row, format, on_device(destination),
                           destination_size, work);
  if (status != QN_OK) return status;
  status = check_aligned(importance, sizeof(float), "importance");
  if (status == QN_OK) status = check_aligned(first_nonfinite, sizeof(uint64_t), "first_nonfinite");
  if (status != QN_OK) return status;
  work.importance = static_cast<const uint8_t*>(on_device(importance));
  status = check_apart(work);
  if (status == QN_OK) status = check_encoder(stream->context, work);
  return status == QN_OK && work.rows ? queue(*stream, work, first_nonfinite, last_kernel()) : status;
}
