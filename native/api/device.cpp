// SPDX-License-Identifier: MIT
//
// Devices: names, opening, describing, capabilities.
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cpu/features.h"
#include "format_table.h"
#include "structs.h"

using namespace qn;

namespace {

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

size_t qn_device_count(void) { return 1; }

qn_status qn_device_at(size_t index, qn_device_info* info) {
  if (index >= qn_device_count())
    return fail(QN_ERROR_INVALID_ARGUMENT, "device index is %zu, expected less than %zu", index, qn_device_count());
  return fill(info, cpu_info(), "info");
}

qn_status qn_device_open(const char* name, const qn_device_options* options, qn_device** device) {
  if (!device) return fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  *device = nullptr;
  if (!name) return fail(QN_ERROR_INVALID_ARGUMENT, "name is null");
  qn_device_options wanted;
  if (const qn_status status = read(options, wanted, "options"); status != QN_OK) return status;
  if (wanted.reserved) return fail(QN_ERROR_INVALID_ARGUMENT, "options.reserved is %u, expected 0", wanted.reserved);
  if (strcmp(name, "cpu") == 0) return open_cpu(wanted, "", device);
  if (strcmp(name, "auto") == 0) return open_cpu(wanted, "; no CUDA device: this build has no CUDA kernels", device);
  if (is_cuda_name(name)) return fail(QN_ERROR_UNAVAILABLE, "%s cannot be had: this build has no CUDA kernels", name);
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
  return fill(capability, device->capability(operation, place, output_column(to)), "capability");
}
