// SPDX-License-Identifier: MIT
//
// The CUDA driver, opened at run time: the same library runs on machines with and without a GPU.
#pragma once

#include "driver_api.h"

namespace qn::cuda {

// The oldest driver that has all entry points, as the driver counts: 1000 * major + 10 * minor.
inline constexpr int kOldestDriver = 11000;

struct Driver {
#define QN_MEMBER(member, symbol, parameters) CUresult(QN_CUDA_CALL* member) parameters;
  QN_CUDA_ENTRIES(QN_MEMBER)
#undef QN_MEMBER

  // "CUDA_ERROR_OUT_OF_MEMORY", and "out of memory"; the number if the driver does not know it.
  struct ErrorText {
    char name[64];
    char text[160];
  };
  ErrorText describe(CUresult error) const;
};

// The driver's entry points. nullptr: this machine has no driver, or one without some entry point; `reason` says so in
// static text. Looked for once; a driver that is there may still fail to initialize.
const Driver* find_driver(const char*& reason);

}  // namespace qn::cuda
