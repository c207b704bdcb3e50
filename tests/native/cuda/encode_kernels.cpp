// SPDX-License-Identifier: MIT
//
// The kernels that encode, compiled like those of kernels.cpp. The emulation starts entries of one kind; these get the
// address of their task as `source`.
#include "kernels.h"

#define QN_EMULATED
#include QN_KERNELS

namespace QN_TARGET {
namespace {

using Task = qn::QN_TARGET::EncodeTask;

template <void (*kEntry)(const Task)>
void with_task(const uint8_t* task, void*, uint64_t) {
  kEntry(*reinterpret_cast<const Task*>(task));
}

}  // namespace

const std::vector<emulation::Kernel>& kernels() {
#define QN_NAME(format) {"quantize_" #format, with_task<quantize_##format>},
#define QN_NAME_OF(format) QN_NAME(format)
  static const std::vector<emulation::Kernel> all = {
#ifdef QN_CUDA_FORMAT
      QN_NAME_OF(QN_CUDA_FORMAT)
#else
      QN_GPU_ENCODERS(QN_NAME)
#endif
  };
  return all;
}

}  // namespace QN_TARGET
