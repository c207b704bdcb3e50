// SPDX-License-Identifier: MIT
//
// Work of the C interface as a kernel is told it.
#pragma once

#include "../api/device.h"
#include "encode_task.h"

namespace qn::cuda {

// The addresses stay those of the work.
inline portable::EncodeTask encode_task(const QuantizeWork& work) {
  portable::EncodeTask task{};
  task.source = work.source;
  task.destination = work.destination;
  task.importance = reinterpret_cast<const float*>(work.importance);
  task.blocks_per_row = work.values_per_row / work.values_per_block;
  task.blocks = work.rows * task.blocks_per_row;
  task.input = static_cast<uint32_t>(work.input);
  task.by_rows = work.importance && scalar::kEncoders.rows[work.format].needs_row;
  return task;
}

}  // namespace qn::cuda
