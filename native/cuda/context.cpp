// SPDX-License-Identifier: MIT
#include "context.h"

#include <stdio.h>

#include <new>

#include "../api/error.h"
#include "modules.h"

namespace qn::cuda {
namespace {

// After these the driver refuses everything in the context until all its users have let go of it.
bool ends_context(CUresult error) {
  switch (error) {
    case CUDA_ERROR_DEINITIALIZED:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
      return true;
    default:
      return false;
  }
}

qn_status fail_starting(const Driver& driver, CUresult error) {
  const Driver::ErrorText said = driver.describe(error);
  return fail(QN_ERROR_UNAVAILABLE, "the NVIDIA driver does not start: %s (%s)", said.name, said.text);
}

// For a GPU that has no context yet.
qn_status fail_surveying(const Driver& driver, int index, CUresult error) {
  const Driver::ErrorText said = driver.describe(error);
  return fail(QN_ERROR_UNAVAILABLE, "cuda:%d cannot be had: %s (%s)", index, said.name, said.text);
}

}  // namespace

const Driver* start_driver(int& device_count, qn_status& status) {
  if (kImageCount == 0) {
    status = fail(QN_ERROR_UNAVAILABLE, "this build has no CUDA kernels");
    return nullptr;
  }
  const char* reason = "";
  const Driver* const driver = find_driver(reason);
  if (!driver) {
    status = fail(QN_ERROR_UNAVAILABLE, "%s", reason);
    return nullptr;
  }
  // Asked each time: initializing again costs next to nothing, and what failed once may work later.
  int version = 0;
  CUresult result = driver->init(0);
  if (result == CUDA_SUCCESS) result = driver->driver_get_version(&version);
  if (result == CUDA_SUCCESS && version < kOldestDriver) {
    status = fail(QN_ERROR_UNAVAILABLE, "the NVIDIA driver is too old: it knows CUDA %d.%d, needed is %d.%d or later",
                  version / 1000, version % 1000 / 10, kOldestDriver / 1000, kOldestDriver % 1000 / 10);
    return nullptr;
  }
  if (result == CUDA_SUCCESS) result = driver->device_get_count(&device_count);
  if (result == CUDA_ERROR_NO_DEVICE) device_count = 0;
  if (result != CUDA_SUCCESS && result != CUDA_ERROR_NO_DEVICE) {
    status = fail_starting(*driver, result);
    return nullptr;
  }
  if (device_count <= 0) {
    status = fail(QN_ERROR_UNAVAILABLE, "the NVIDIA driver finds no CUDA device");
    return nullptr;
  }
  return driver;
}

qn_status survey(const Driver& driver, int index, GpuFacts& facts) {
  facts.index = index;
  size_t memory = 0;
  CUresult result = driver.device_get(&facts.handle, index);
  if (result == CUDA_SUCCESS) result = driver.driver_get_version(&facts.driver_version);
  if (result == CUDA_SUCCESS) result = driver.device_get_name(facts.name, sizeof facts.name, facts.handle);
  if (result == CUDA_SUCCESS)
    result = driver.device_get_attribute(&facts.major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, facts.handle);
  if (result == CUDA_SUCCESS)
    result = driver.device_get_attribute(&facts.minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, facts.handle);
  if (result == CUDA_SUCCESS) result = driver.device_total_mem(&memory, facts.handle);
  if (result != CUDA_SUCCESS) return fail_surveying(driver, index, result);
  facts.memory = memory;
  const int lowest = lowest_capability();
  if (facts.major * 10 + facts.minor < lowest)
    return fail(QN_ERROR_UNAVAILABLE,
                "cuda:%d cannot be had: %s has compute capability %d.%d, needed is %d.%d or later", index, facts.name,
                facts.major, facts.minor, lowest / 10, lowest % 10);
  return QN_OK;
}

qn_status Context::open(const Driver& driver, const GpuFacts& facts, Context*& context) {
  context = nullptr;
  Context* const opened = new (std::nothrow) Context(driver, facts);
  if (opened) opened->modules_ = Module::plan(facts.major * 10 + facts.minor);
  if (!opened || !opened->modules_) {
    delete opened;
    return fail(QN_ERROR_OUT_OF_MEMORY, "no memory for cuda:%d", facts.index);
  }
  const CUresult result = driver.primary_ctx_retain(&opened->handle_, facts.handle);
  if (result != CUDA_SUCCESS) {
    opened->handle_ = nullptr;
    delete opened;
    const Driver::ErrorText said = driver.describe(result);
    // Drivers give the error that ended a context to every later one of the process.
    return fail(result == CUDA_ERROR_OUT_OF_MEMORY ? QN_ERROR_OUT_OF_MEMORY : QN_ERROR_UNAVAILABLE,
                "cuda:%d cannot be had: making a context fails with %s (%s)%s", facts.index, said.name, said.text,
                ends_context(result) ? "; the GPU was lost, and can be had again in another process" : "");
  }
  context = opened;
  return QN_OK;
}

void Context::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

Context::~Context() {
  if (handle_) {
    {
      const Pushed pushed(*this);
      for (size_t i = 0; i < Module::count(); i++)
        if (modules_[i].handle) driver_.module_unload(modules_[i].handle);
    }
    driver_.primary_ctx_release(facts_.handle);
  }
  delete[] modules_;
}

qn_status Context::usable() const {
  const auto error = static_cast<CUresult>(lost_.load(std::memory_order_relaxed));
  if (error == CUDA_SUCCESS) return QN_OK;
  return fail(QN_ERROR_DEVICE_LOST, "cuda:%d was lost by %s: close it and all that was made from it", facts_.index,
              driver_.describe(error).name);
}

qn_status Context::check(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return QN_OK;
  const Driver::ErrorText said = driver_.describe(result);
  if (ends_context(result)) {
    int none = CUDA_SUCCESS;
    lost_.compare_exchange_strong(none, result, std::memory_order_relaxed);
    return fail(QN_ERROR_DEVICE_LOST, "cuda:%d is lost: %s fails with %s (%s)", facts_.index, what, said.name,
                said.text);
  }
  return fail(result == CUDA_ERROR_OUT_OF_MEMORY ? QN_ERROR_OUT_OF_MEMORY : QN_ERROR_DRIVER,
              "cuda:%d: %s fails with %s (%s)", facts_.index, what, said.name, said.text);
}

qn_status Context::check_memory(CUresult result, const char* what, size_t bytes) {
  if (result != CUDA_ERROR_OUT_OF_MEMORY) return check(result, what);
  size_t free = 0, total = 0;
  driver_.mem_get_info(&free, &total);
  return fail(QN_ERROR_OUT_OF_MEMORY,
              "cuda:%d: no memory for %s of %zu bytes (%s); %zu of %zu bytes of the GPU are free", facts_.index, what,
              bytes, driver_.describe(result).name, free, total);
}

}  // namespace qn::cuda
