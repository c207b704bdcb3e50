// SPDX-License-Identifier: MIT
#include "cuda_device.h"

#include <stdio.h>
#include <string.h>

#include <new>

#include "error.h"
#include "format_table.h"

namespace qn {
namespace {

constexpr uint64_t kDefaultMemoryLimit = uint64_t{64} << 20;

// So many threads saturate the bus; more would only take the processor from others.
constexpr uint32_t kMostThreads = 8;

uint32_t threads_of(const qn_device_options& options) {
  const uint32_t threads = options.threads ? options.threads : usable_processors();
  return threads < kMostThreads ? threads : kMostThreads;
}

void describe_gpu(const cuda::GpuFacts& facts, uint32_t threads, const char* note, qn_device_info& info) {
  info.kind = QN_DEVICE_CUDA;
  info.index = static_cast<uint32_t>(facts.index);
  info.threads = threads;
  info.isa = QN_ISA_AUTO;
  snprintf(info.name, sizeof info.name, "cuda:%d", facts.index);
  snprintf(info.description, sizeof info.description, "%s, %.1f GiB, compute capability %d.%d, driver for CUDA %d.%d%s",
           facts.name, static_cast<double>(facts.memory) / (1 << 30), facts.major, facts.minor,
           facts.driver_version / 1000, facts.driver_version % 1000 / 10, note);
  info.memory_total = facts.memory;
  info.compute_major = static_cast<uint32_t>(facts.major);
  info.compute_minor = static_cast<uint32_t>(facts.minor);
  info.driver_version = static_cast<uint32_t>(facts.driver_version);
}

qn_status open_gpu(const cuda::Driver& driver, int index, const qn_device_options& options, const char* note,
                   qn_device** device) {
  cuda::GpuFacts facts;
  if (const qn_status status = cuda::survey(driver, index, facts); status != QN_OK) return status;
  cuda::Context* context = nullptr;
  if (const qn_status status = cuda::Context::open(driver, facts, context); status != QN_OK) return status;
  CudaDevice* const opened = new (std::nothrow) CudaDevice(*context, options, note);
  if (!opened) {
    context->release();
    return fail(QN_ERROR_OUT_OF_MEMORY, "no memory for cuda:%d", index);
  }
  *device = opened;
  return QN_OK;
}

// Adds the reason of the last failure to a list of them; what does not fit is cut.
void append_reason(char (&reasons)[256]) {
  const size_t length = strlen(reasons);
  snprintf(reasons + length, sizeof reasons - length, "; %s", qn_last_error());
}

}  // namespace

CudaDevice::CudaDevice(cuda::Context& context, const qn_device_options& options, const char* note)
    : context_(context),
      threads_(threads_of(options)),
      memory_limit_(options.memory_limit ? options.memory_limit : kDefaultMemoryLimit) {
  snprintf(note_, sizeof note_, "%s", note);
}

CudaDevice::~CudaDevice() {
  if (staging_) {
    const cuda::Pushed pushed(context_);
    delete staging_;
  }
  context_.release();
}

void CudaDevice::describe(qn_device_info& info) const {
  describe_gpu(context_.facts(), threads_, note_, info);
  const cuda::Current current(context_);
  size_t free = 0, total = 0;
  if (current.status() == QN_OK && context_.driver().mem_get_info(&free, &total) == cuda::CUDA_SUCCESS)
    info.memory_free = free;
}

qn_capability CudaDevice::capability(qn_operation operation, int format, int column) const {
  qn_capability value{};
  value.kernel = column < 0                             ? ""
                 : operation == QN_OPERATION_DEQUANTIZE ? context_.kernel_name(format, column)
                 : operation == QN_OPERATION_QUANTIZE   ? context_.encoder_name(format, column)
                                                        : "";
  value.supported = *value.kernel != 0;
  return value;
}

// Every layout has tiles that were written for it (cuda/matrix_tiles.h), but for codes of 7 bits: eight of them may
// stand in three words (PackedStrings::fits).
qn_capability CudaDevice::matrix_capability(qn_operation operation, int layout, uint32_t bits, int output) const {
  qn_capability value{};
  value.kernel = operation == QN_OPERATION_DEQUANTIZE && output >= 0 ? context_.matrix_kernel_name(layout, output) : "";
  value.supported = *value.kernel != 0;
  value.tuned = value.supported && bits != 7;
  return value;
}

qn_status CudaDevice::dequantize(const DequantizeWork& work, const char*& kernel) {
  return dequantize_to(0, work, kernel);
}

qn_status CudaDevice::quantize(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel) {
  if (const qn_status status = check_encoder(context_, work); status != QN_OK || work.rows == 0) return status;
  return with_staging(cuda::Staging::bytes_besides(work), "importance",
                      [&](cuda::Staging& staging) { return staging.run(work, first_nonfinite, kernel); });
}

qn_status CudaDevice::dequantize(const MatrixWork& work, const char*& kernel) {
  return with_staging(cuda::Staging::bytes_besides(work), "a packed matrix",
                      [&](cuda::Staging& staging) { return staging.run(work, kernel); });
}

qn_status CudaDevice::dequantize_to(uint64_t address, const DequantizeWork& work, const char*& kernel) {
  return with_staging(0, "", [&](cuda::Staging& staging) { return staging.run(work, address, kernel); });
}

template <class Call>
qn_status CudaDevice::with_staging(uint64_t besides, const char* what, Call call) {
  const std::lock_guard<std::mutex> lock(staging_busy_);
  const cuda::Current current(context_);
  qn_status status = current.status();
  uint64_t limit = memory_limit_;
  if (status == QN_OK && besides) status = make_room(besides, what, limit);
  if (status == QN_OK && !staging_) status = cuda::Staging::create(context_, limit, threads_, staging_);
  return status == QN_OK ? call(*staging_) : status;
}

// Staging must not take what the work needs besides it: what is there is let go where both do not fit, and what is
// made takes no more than is left. Work for which there is no room even so is refused before anything is allocated.
qn_status CudaDevice::make_room(uint64_t besides, const char* what, uint64_t& limit) {
  size_t free = 0, total = 0;
  const auto ask = [&] {
    return context_.check(context_.driver().mem_get_info(&free, &total), "asking for free memory");
  };
  qn_status status = ask();
  if (status == QN_OK && staging_ && besides > free) {
    delete staging_;
    staging_ = nullptr;
    status = ask();
  }
  if (status != QN_OK || staging_) return status;
  if (free < QN_MEMORY_LIMIT_MIN || besides > free - QN_MEMORY_LIMIT_MIN)
    return fail(QN_ERROR_OUT_OF_MEMORY,
                "cuda:%d: %s needs %llu bytes of the GPU, and %llu for staging; %zu of %zu bytes are free",
                context_.facts().index, what, static_cast<unsigned long long>(besides),
                static_cast<unsigned long long>(QN_MEMORY_LIMIT_MIN), free, total);
  if (limit > free - besides) limit = free - besides;
  return QN_OK;
}

qn_status check_encoder(const cuda::Context& context, const QuantizeWork& work) {
  const char* const name = kFormats[work.format].name;
  if (!scalar::kEncoders.rows[work.format].encode)
    return fail(QN_ERROR_UNSUPPORTED, "there is no encoder for %s", name);
  if (!*context.encoder_name(work.format, work.input))
    return fail(QN_ERROR_UNSUPPORTED, "a GPU cannot encode into %s, open the device \"cpu\" for it", name);
  if (work.search_longer && scalar::kEncoders.rows[work.format].improve)
    return fail(QN_ERROR_UNSUPPORTED, "a GPU cannot search longer for %s, open the device \"cpu\" for QN_QUANTIZE_BEST",
                name);
  return QN_OK;
}

CudaDevice* require_cuda(qn_device* device, qn_status& status) {
  CudaDevice* const gpu = device ? device->cuda() : nullptr;
  if (!device) status = fail(QN_ERROR_INVALID_ARGUMENT, "device is null");
  if (device && !gpu)
    status = fail(QN_ERROR_UNSUPPORTED, "the device is the CPU, which has no streams and no memory of its own");
  return gpu;
}

size_t gpu_count() {
  int count = 0;
  qn_status status;
  return cuda::start_driver(count, status) ? static_cast<size_t>(count) : 0;
}

size_t cuda_count() {
  int count = 0;
  qn_status status;
  const cuda::Driver* const driver = cuda::start_driver(count, status);
  size_t usable = 0;
  cuda::GpuFacts facts;
  for (int i = 0; driver && i < count; i++)
    usable += cuda::survey(*driver, i, facts) == QN_OK;
  return usable;
}

qn_status cuda_info(size_t place, qn_device_info& info) {
  int count = 0;
  qn_status status;
  const cuda::Driver* const driver = cuda::start_driver(count, status);
  for (int i = 0; driver && i < count; i++) {
    cuda::GpuFacts facts;
    if (cuda::survey(*driver, i, facts) != QN_OK || place-- > 0) continue;
    describe_gpu(facts, threads_of({}), "", info);
    return QN_OK;
  }
  return fail(QN_ERROR_UNAVAILABLE, "the CUDA device at this place of the list is gone");
}

qn_status open_cuda(int index, const qn_device_options& options, qn_device** device) {
  int count = 0;
  qn_status status;
  const cuda::Driver* const driver = cuda::start_driver(count, status);
  if (!driver) {
    char reason[400];
    snprintf(reason, sizeof reason, "%s", qn_last_error());
    return fail(status, "cuda:%d cannot be had: %s", index, reason);
  }
  if (index >= count)
    return fail(QN_ERROR_UNAVAILABLE, "cuda:%d cannot be had: this machine has %d CUDA device%s", index, count,
                count == 1 ? "" : "s");
  return open_gpu(*driver, index, options, "", device);
}

qn_status open_any_cuda(const qn_device_options& options, qn_device** device, char (&refused)[256]) {
  int count = 0;
  qn_status status;
  refused[0] = 0;
  const cuda::Driver* const driver = cuda::start_driver(count, status);
  if (!driver) {
    snprintf(refused, sizeof refused, "; no CUDA device: %.220s", qn_last_error());
    return status;
  }
  for (int i = 0; i < count; i++) {
    // Those behind it too, although nobody asks them for work.
    char note[sizeof refused];
    memcpy(note, refused, sizeof note);
    cuda::GpuFacts facts;
    for (int behind = i + 1; behind < count; behind++)
      if (cuda::survey(*driver, behind, facts) != QN_OK) append_reason(note);
    status = open_gpu(*driver, i, options, note, device);
    if (status == QN_OK) return QN_OK;
    append_reason(refused);
  }
  return status;
}

}  // namespace qn
