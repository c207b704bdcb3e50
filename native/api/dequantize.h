// SPDX-License-Identifier: MIT
//
// What the checks of all ways to decode share.
#pragma once

#include "../cpu/kernels.h"
#include "quantnet.h"

namespace qn {

// An address on the GPU, for the checks only.
inline void* on_device(uint64_t address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }

bool overlap(const void* a, size_t a_size, const void* b, size_t b_size);

// The column of a format of results, or an error.
qn_status check_output(qn_format output, int& column);

// What qn_last_kernel() returns in this thread.
const char*& last_kernel();

}  // namespace qn
