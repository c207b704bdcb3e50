// SPDX-License-Identifier: MIT
//
// A GPU in use: the driver's primary context (which other engines in the process use as well), the modules loaded into
// it, and whether it still works. Shared by a device and by the streams, events and buffers made from it: the last one
// to go lets go of the context, so they may be freed in any order.
#pragma once

#include <atomic>

#include "../cpu/kernels.h"
#include "driver.h"
#include "images.h"
#include "quantnet.h"

namespace qn::portable {
struct EncodeTask;
struct MatrixTask;
}  // namespace qn::portable

namespace qn::cuda {

// What is known of a GPU without using it.
struct GpuFacts {
  int index = 0;
  CUdevice handle = 0;
  char name[128] = "";
  int major = 0, minor = 0;  // compute capability
  int driver_version = 0;    // 1000 * major + 10 * minor of the newest CUDA that the driver knows
  uint64_t memory = 0;       // bytes
};

// The driver, initialized, and the number of its devices. nullptr: it cannot be used; fail() has said why.
const Driver* start_driver(int& device_count, qn_status& status);

// Looks at a GPU, without making a context. Fails, with the reason, for one that this library cannot use.
qn_status survey(const Driver& driver, int index, GpuFacts& facts);

class Context {
 public:
  // Opens a GPU that survey() has found usable. The caller holds the first reference.
  static qn_status open(const Driver& driver, const GpuFacts& facts, Context*& context);
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

  const Driver& driver() const { return driver_; }
  const GpuFacts& facts() const { return facts_; }
  CUcontext handle() const { return handle_; }

  // QN_OK, or fail() with the reason that the GPU is lost.
  qn_status usable() const;

  // Turns what the driver said about `what` ("starting a kernel") into a status. An error after which a context is
  // unusable makes the device lost, for everybody and for good.
  qn_status check(CUresult result, const char* what);
  // The same for an allocation: an error for want of memory names asked and free bytes.
  qn_status check_memory(CUresult result, const char* what, size_t bytes);

  // The kernel that decodes a format, such as "sm_80-ptx/Q4_K/f16"; "" if there is none. Valid as long as the library.
  const char* kernel_name(int format, int output) const;

  // The same for a layout of packed matrices.
  const char* matrix_kernel_name(int layout, int output) const;

  // The kernel that encodes into a format, such as "sm_75-ptx/f32/Q4_K"; "" if there is none.
  const char* encoder_name(int format, int input) const;

  // Starts the kernel for `blocks` blocks; source and destination are addresses on the GPU, as numbers. The context is
  // current. Loads the format's module if this is its first use. Allocates nothing, waits for nothing else.
  qn_status launch(CUstream stream, int format, int output, uint64_t source, uint64_t destination, uint64_t blocks,
                   const char*& kernel);

  // The same for a packed matrix whose arrays are on the GPU.
  qn_status launch(CUstream stream, int layout, int output, const portable::MatrixTask& task, const char*& kernel);

  // The same for numbers on the GPU that are encoded into a format.
  qn_status launch(CUstream stream, int format, const portable::EncodeTask& task, const char*& kernel);

 private:
  struct Module;
  Context(const Driver& driver, const GpuFacts& facts) : driver_(driver), facts_(facts) {}
  ~Context();
  // Loads a module, by its place, if this is its first use.
  qn_status ready(size_t place);
  // By the column of the output or, of an encoder, of the input.
  const char* module_kernel(size_t place, int column) const;
  qn_status load_image(const Image& image, Module& module, bool& too_new);
  qn_status start(CUstream stream, CUfunction function, const char* name, unsigned grid, unsigned threads,
                  void** parameters);

  const Driver& driver_;
  const GpuFacts facts_;
  CUcontext handle_ = nullptr;
  Module* modules_ = nullptr;  // see Module::count
  std::atomic<uint32_t> references_{1};
  std::atomic<int> lost_{CUDA_SUCCESS};  // the error that ended it
};

// Makes a context the calling thread's current one while it lives, lost or not: enough for freeing.
class Pushed {
 public:
  explicit Pushed(const Context& context)
      : driver_(context.driver()), result_(driver_.ctx_push_current(context.handle())) {}
  ~Pushed() {
    CUcontext popped;
    if (result_ == CUDA_SUCCESS) driver_.ctx_pop_current(&popped);
  }
  Pushed(const Pushed&) = delete;
  Pushed& operator=(const Pushed&) = delete;

  CUresult result() const { return result_; }

 private:
  const Driver& driver_;
  const CUresult result_;
};

// The same for work, which a lost device refuses: go on only if status() is QN_OK.
class Current {
 public:
  explicit Current(Context& context) : pushed_(context), status_(context.usable()) {
    if (status_ == QN_OK) status_ = context.check(pushed_.result(), "using its context");
  }

  qn_status status() const { return status_; }

 private:
  const Pushed pushed_;
  qn_status status_;
};

}  // namespace qn::cuda
