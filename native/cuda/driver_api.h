// SPDX-License-Identifier: MIT
//
// The part of the CUDA driver API that is used, declared by hand: neither building nor running needs NVIDIA's headers.
// Names and numbers are those of NVIDIA's cuda.h, where the meaning of each stands
// (https://docs.nvidia.com/cuda/cuda-driver-api).
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define QN_CUDA_CALL __stdcall
#else
#define QN_CUDA_CALL
#endif

namespace qn::cuda {

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;

enum CUresult : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_DEINITIALIZED = 4,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_ECC_UNCORRECTABLE = 214,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_NVLINK_UNCORRECTABLE = 220,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_HARDWARE_STACK_ERROR = 714,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_INVALID_ADDRESS_SPACE = 717,
  CUDA_ERROR_INVALID_PC = 718,
  CUDA_ERROR_LAUNCH_FAILED = 719,
};

enum CUdevice_attribute : int {
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
};

enum CUjit_option : int {
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6,
};

inline constexpr unsigned CU_STREAM_NON_BLOCKING = 1;  // does not wait for the default stream

// Every entry point: X(name here, name in the driver, parameters). All return a CUresult.
#define QN_CUDA_ENTRIES(X)                                                                                       \
  X(init, cuInit, (unsigned flags))                                                                              \
  X(driver_get_version, cuDriverGetVersion, (int* version))                                                      \
  X(get_error_name, cuGetErrorName, (CUresult error, const char** name))                                         \
  X(get_error_string, cuGetErrorString, (CUresult error, const char** text))                                     \
  X(device_get_count, cuDeviceGetCount, (int* count))                                                            \
  X(device_get, cuDeviceGet, (CUdevice * device, int ordinal))                                                   \
  X(device_get_name, cuDeviceGetName, (char* name, int size, CUdevice device))                                   \
  X(device_get_attribute, cuDeviceGetAttribute, (int* value, CUdevice_attribute attribute, CUdevice device))     \
  X(device_total_mem, cuDeviceTotalMem_v2, (size_t* bytes, CUdevice device))                                     \
  X(primary_ctx_retain, cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                        \
  X(primary_ctx_release, cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                        \
  X(ctx_push_current, cuCtxPushCurrent_v2, (CUcontext context))                                                  \
  X(ctx_pop_current, cuCtxPopCurrent_v2, (CUcontext * context))                                                  \
  X(mem_get_info, cuMemGetInfo_v2, (size_t* free, size_t* total))                                                \
  X(mem_alloc, cuMemAlloc_v2, (CUdeviceptr * address, size_t bytes))                                             \
  X(mem_free, cuMemFree_v2, (CUdeviceptr address))                                                               \
  X(mem_host_alloc, cuMemHostAlloc, (void** memory, size_t bytes, unsigned flags))                               \
  X(mem_free_host, cuMemFreeHost, (void* memory))                                                                \
  X(memcpy_htod_async, cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void* from, size_t bytes, CUstream stream))  \
  X(memcpy_dtoh_async, cuMemcpyDtoHAsync_v2, (void* to, CUdeviceptr from, size_t bytes, CUstream stream))        \
  X(memcpy_dtod_async, cuMemcpyDtoDAsync_v2, (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream))  \
  X(stream_create, cuStreamCreate, (CUstream * stream, unsigned flags))                                          \
  X(stream_destroy, cuStreamDestroy_v2, (CUstream stream))                                                       \
  X(stream_get_ctx, cuStreamGetCtx, (CUstream stream, CUcontext * context))                                      \
  X(stream_synchronize, cuStreamSynchronize, (CUstream stream))                                                  \
  X(stream_query, cuStreamQuery, (CUstream stream))                                                              \
  X(stream_wait_event, cuStreamWaitEvent, (CUstream stream, CUevent event, unsigned flags))                      \
  X(event_create, cuEventCreate, (CUevent * event, unsigned flags))                                              \
  X(event_destroy, cuEventDestroy_v2, (CUevent event))                                                           \
  X(event_record, cuEventRecord, (CUevent event, CUstream stream))                                               \
  X(event_query, cuEventQuery, (CUevent event))                                                                  \
  X(event_synchronize, cuEventSynchronize, (CUevent event))                                                      \
  X(event_elapsed_time, cuEventElapsedTime, (float* milliseconds, CUevent start, CUevent end))                   \
  X(module_load_data, cuModuleLoadDataEx,                                                                        \
    (CUmodule * module, const void* image, unsigned option_count, CUjit_option* options, void** values))         \
  X(module_unload, cuModuleUnload, (CUmodule module))                                                            \
  X(module_get_function, cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name))        \
  X(launch_kernel, cuLaunchKernel,                                                                               \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, \
     unsigned block_z, unsigned shared_bytes, CUstream stream, void** parameters, void** extra))

}  // namespace qn::cuda
