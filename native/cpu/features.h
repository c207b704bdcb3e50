// SPDX-License-Identifier: MIT
//
// What this CPU and operating system can run.
#pragma once

#include <stddef.h>

#include "encoder_kernels.h"
#include "kernels.h"
#include "matrix_kernels.h"
#include "quantnet.h"

namespace qn {

struct InstructionSet {
  qn_isa isa;
  const char* name;
  const KernelSet* kernels;  // nullptr: this build has none
  const MatrixKernelRow* matrices;
  const EncoderSet* encoders;
  const char* missing;  // "": available; else why not, in words
};

inline constexpr size_t kInstructionSetCount = 4;

// The instruction sets, lowest first. Found once; thread-safe.
const InstructionSet (&instruction_sets())[kInstructionSetCount];

// The best available set.
const InstructionSet& best_instruction_set();

// The CPU's own name ("Intel(R) Xeon(R) Processor"), or "CPU" where it has none. Found once; thread-safe.
const char* cpu_name();

}  // namespace qn
