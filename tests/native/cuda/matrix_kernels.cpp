// SPDX-License-Identifier: MIT
//
// The kernels for packed matrices, compiled like those of kernels.cpp. The emulation starts entries of one kind; these
// get the address of their task as `source`.
#include "kernels.h"

#define QN_EMULATED
#include QN_KERNELS

namespace QN_TARGET {
namespace {

using Task = qn::QN_TARGET::MatrixTask;

template <void (*kEntry)(const Task)>
void with_task(const uint8_t* task, void*, uint64_t) {
  kEntry(*reinterpret_cast<const Task*>(task));
}

}  // namespace

const std::vector<emulation::Kernel>& kernels() {
#define QN_NAMES(layout, number)                                                        \
  {#layout "_f32", with_task<layout##_f32>}, {#layout "_f16", with_task<layout##_f16>}, \
      {#layout "_bf16", with_task<layout##_bf16>},
#define QN_INDEXED_NAMES(layout, number) QN_NAMES(layout##_indexed, number)
  static const std::vector<emulation::Kernel> all = {QN_MATRICES(QN_NAMES) QN_INDEXED_MATRICES(QN_INDEXED_NAMES)};
  return all;
}

}  // namespace QN_TARGET
