// SPDX-License-Identifier: MIT
//
// What is made from a GPU's device. Each holds on to the context, so that it may be freed after its device.
#pragma once

#include "../cuda/context.h"
#include "device.h"
#include "error.h"

struct qn_stream {
  qn::cuda::Context& context;
  qn::cuda::CUstream handle;
  const bool own;  // else another engine's
};

namespace qn {

// Ends the making of a handle: gives it to the caller and lets it hold on to its context, or deletes it.
template <class Handle>
qn_status hand_over(Handle* made, qn_status status, Handle** to) {
  if (status == QN_OK) {
    made->context.retain();
    *to = made;
  } else {
    delete made;
  }
  return status;
}

inline qn_status fail_handle() { return fail(QN_ERROR_OUT_OF_MEMORY, "no memory for a handle"); }

// Queues work between two addresses on the GPU, which have passed all checks.
qn_status queue(qn_stream& stream, const DequantizeWork& work, const char*& kernel);
qn_status queue(qn_stream& stream, const MatrixWork& work, const char*& kernel);
// `first_nonfinite` is the address of a number that a lower place replaces, or 0.
qn_status queue(qn_stream& stream, const QuantizeWork& work, uint64_t first_nonfinite, const char*& kernel);

}  // namespace qn
