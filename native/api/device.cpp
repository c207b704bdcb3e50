// SPDX-License-Identifier: MIT
//
// Devices: names, opening, describing, capabilities.
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cpu/features.h"
#include "cuda_device.h"
#include "format_table.h"
#include "structs.h"

using namespace qn;

namespace {

constexpr uint32_t kMaxThreads = 1024;

qn_status check(const qn_device_options& options) {
  if (options.reserved) return fail(QN_ERROR_INVALID_ARGUMENT, "options.reserved is %u, expected 0", options.reserved);
  if (options.threads > kMaxThreads)
    return fail(QN_ERROR_INVALID_ARGUMENT, "%u threads asked for, at most %u are allowed", options.threads,
                kMaxThreads);
  if (options.memory_limit && options.memory_limit < QN_MEMORY_LIMIT_MIN)
    return fail(QN_ERROR_INVALID_ARGUMENT, "options.memory_limit is %llu, expected at least %d",
                static_cast<unsigned long long>(options.memory_limit), QN_MEMORY_LIMIT_MIN);
  return QN_OK;
}

// A CUDA device, else the CPU with the reasons in its description.
qn_status open_auto(const qn_device_options& options, qn_device** device) {
  char refused[256];
  if (open_any_cuda(options, device, refused) == QN_OK) return QN_OK;
  return open_cpu(options, refused, device);
}

// "cuda:N", N decimal without sign or leading zeros.
bool is_cuda_name(const char* name) {
  if (strncmp(name, "cuda:", 5) != 0) return false;
  const char* const digits = name + 5;
  const size_t length = strspn(digits, "0123456789");
  return length > 0 && length <= 5 && digits[length] == 0 && (length == 1 || digits[0] != '0');
}

}  // namespace

size_t qn_isa_count(void) { return kInstructionSetCount; }

qn_status qn_isa_at(size_t index, qn_isa_info* info) {
  if (index >= kInstructionSetCount)
    return fail(QN_ERROR_INVALID_ARGUMENT, "instruction set index is %zu, expected less than %zu", index,
                kInstructionSetCount);
  const InstructionSet& set = instruction_sets()[index];
  qn_isa_info value{};
  value.isa = set.isa;
  value.available = !*set.missing;
  value.name = set.name;
  value.reason = set.missing;
  return fill(info, value, "info");
}

size_t qn_device_count(void) { return 1 + cuda_count(); }

size_t qn_gpu_count(void) { return gpu_count(); }

qn_status qn_device_at(size_t index, qn_device_info* info) {
  if (index == 0) return fill(info, cpu_info(), "info");
  if (const size_t count = qn_device_count(); index >= count)
    return fail(QN_ERROR_INVALID_ARGUMENT, "device index is %zu, expected less than %zu", index, count);
  qn_device_info value{};
  if (const qn_status status = cuda_info(index - 1, value); status != QN_OK) return status;
  return fill(info, value, "info");
}

qn_status qn_device_open(const char* name, const qn_device_options* options, qn_device** device) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  *device = nullptr;
  if (!name) return fail(QN_ERROR_INVALID_ARGUMENT, "name is null");
  qn_device_options wanted;
  if (const qn_status status = read(options, wanted, "options"); status != QN_OK) return status;
  if (const qn_status status = check(wanted); status != QN_OK) return status;
  if (strcmp(name, "cpu") == 0) return open_cpu(wanted, "", device);
  if (strcmp(name, "auto") == 0) return open_auto(wanted, device);
  if (is_cuda_name(name)) return open_cuda(atoi(name + 5), wanted, device);
  return fail(QN_ERROR_INVALID_ARGUMENT, "'%.*s' is no device name, expected cpu, cuda:N or auto", quoted_length(name),
              name);
}

void qn_device_close(qn_device* device) { delete device; }

qn_status qn_device_describe(const qn_device* device, qn_device_info* info) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  qn_device_info value{};
  device->describe(value);
  return fill(info, value, "info");
}

qn_status qn_device_capability(const qn_device* device, qn_operation operation, qn_format from, qn_format to,
                               qn_capability* capability) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  const int place = format_place(from);
  if (place < 0) return fail(QN_ERROR_INVALID_ARGUMENT, "from is %d, which is no format", static_cast<int>(from));
  if (format_place(to) < 0)
    return fail(QN_ERROR_INVALID_ARGUMENT, "to is %d, which is no format", static_cast<int>(to));
  const bool quantizes = operation == QN_OPERATION_QUANTIZE;
  return fill(capability,
              device->capability(operation, quantizes ? format_place(to) : place, output_column(quantizes ? from : to)),
              "capability");
}
