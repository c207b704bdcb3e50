// SPDX-License-Identifier: MIT
//
// Memory of a GPU, and memory of the host that it copies from and to.
#include <new>

#include "cuda_device.h"
#include "streams.h"

using namespace qn;
using namespace qn::cuda;

struct qn_buffer {
  Context& context;
  qn_memory memory;
  uint64_t address;
  size_t size;
};

namespace {

qn_status allocate(qn_buffer& buffer) {
  Context& context = buffer.context;
  const Current current(context);
  if (current.status() != QN_OK) return current.status();
  if (buffer.memory == QN_MEMORY_DEVICE) {
    CUdeviceptr address = 0;
    const CUresult result = context.driver().mem_alloc(&address, buffer.size);
    buffer.address = address;
    return context.check_memory(result, "a buffer", buffer.size);
  }
  void* address = nullptr;
  const CUresult result = context.driver().mem_host_alloc(&address, buffer.size, 0);
  buffer.address = reinterpret_cast<uintptr_t>(address);
  return context.check_memory(result, "a pinned buffer", buffer.size);
}

}  // namespace

qn_status qn_device_memory(const qn_device* device, uint64_t* free, uint64_t* total) {
  qn_status status;
  CudaDevice* const gpu = require_cuda(const_cast<qn_device*>(device), status);
  if (!gpu) return status;
  Context& context = gpu->context();
  const Current current(context);
  if (current.status() != QN_OK) return current.status();
  size_t free_bytes = 0, total_bytes = 0;
  status = context.check(context.driver().mem_get_info(&free_bytes, &total_bytes), "asking for free memory");
  if (status != QN_OK) return status;
  if (free) *free = free_bytes;
  if (total) *total = total_bytes;
  return QN_OK;
}

qn_status qn_buffer_create(qn_device* device, qn_memory memory, size_t size, qn_buffer** buffer) {
  if (!buffer) return fail(QN_ERROR_INVALID_ARGUMENT, "buffer is null");
  *buffer = nullptr;
  qn_status status;
  CudaDevice* const gpu = require_cuda(device, status);
  if (!gpu) return status;
  if (memory != QN_MEMORY_DEVICE && memory != QN_MEMORY_HOST)
    return fail(QN_ERROR_INVALID_ARGUMENT, "memory is %d, expected QN_MEMORY_DEVICE or QN_MEMORY_HOST",
                static_cast<int>(memory));
  if (size == 0) return fail(QN_ERROR_SIZE, "size is 0, expected at least 1");
  qn_buffer* const made = new (std::nothrow) qn_buffer{gpu->context(), memory, 0, size};
  return made ? hand_over(made, allocate(*made), buffer) : fail_handle();
}

void qn_buffer_close(qn_buffer* buffer) {
  if (!buffer) return;
  Context& context = buffer->context;
  {
    const Pushed pushed(context);
    if (buffer->memory == QN_MEMORY_DEVICE)
      context.driver().mem_free(buffer->address);
    else
      context.driver().mem_free_host(reinterpret_cast<void*>(static_cast<uintptr_t>(buffer->address)));
  }
  delete buffer;
  context.release();
}

uint64_t qn_buffer_address(const qn_buffer* buffer) { return buffer ? buffer->address : 0; }

size_t qn_buffer_size(const qn_buffer* buffer) { return buffer ? buffer->size : 0; }
