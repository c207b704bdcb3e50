// SPDX-License-Identifier: MIT
//
// Compiled with QN_TARGET, the namespace, and QN_KERNELS, the file of kernels; with QN_CUDA_FORMAT, of one format only.
#include "kernels.h"

#define QN_EMULATED
#include QN_KERNELS

namespace QN_TARGET {

const std::vector<emulation::Kernel>& kernels() {
#define QN_NAMES(format) \
  {#format "_f32", format##_f32}, {#format "_f16", format##_f16}, {#format "_bf16", format##_bf16},
#define QN_NAMES_IN_LIST(format, number) QN_NAMES(format)
#define QN_NAMES_OF(format) QN_NAMES(format)
  static const std::vector<emulation::Kernel> all = {
#ifdef QN_CUDA_FORMAT
      QN_NAMES_OF(QN_CUDA_FORMAT)
#else
      QN_FORMATS(QN_NAMES_IN_LIST)
#endif
  };
  return all;
}

}  // namespace QN_TARGET
