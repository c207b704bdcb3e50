// SPDX-License-Identifier: MIT
//
// A CUDA driver without a GPU: libcuda.so.1 with the entry points that the library uses, for tests. What it is strict
// about:
//
//   - memory of a "GPU" cannot be read outside of the driver's own work (PROT_NONE), lies between guard pages, is
//   filled
//     with rubbish when allocated, and belongs to a context;
//   - copies and kernels are done as late as possible: when somebody waits for them; until then results are rubbish;
//   - handles that are foreign, freed or of another context, launches of unknown kernels, memory freed while work on it
//     is queued: an error, as from a real driver, and a line in misuses();
//   - an error that ends a context on a real GPU ends it here, until all users have released it;
//   - every call can be made to fail, and everything that lives is counted.
//
// Kernels run on the CPU: see kernels.h.
#pragma once

#include <stdint.h>

extern "C" {

// What lives now.
struct FakeCudaCounts {
  int contexts, modules, streams, events, device_buffers, pinned_buffers;
};

// Starts anew with the settings, words separated by spaces (nothing may live):
//   devices=N          GPUs (1)
//   memory=BYTES       of each (1 GiB)
//   version=12040      of the driver
//   capability=90      of each GPU; capability1=61 of GPU 1 only
//   fail=NAME:N:ERROR  the N-th call of an entry point from now on returns ERROR; several are allowed
//   kernels=scalar     runs the CPU's kernels instead of emulating the GPU's
//   fault=N:ERROR      the N-th kernel that runs from now on ends in ERROR
// A process that cannot call this sets the environment variable FAKE_CUDA.
void fake_cuda_configure(const char* settings);

// Adds settings without starting anew; counting of calls begins again.
void fake_cuda_add(const char* settings);

FakeCudaCounts fake_cuda_counts();

// Calls of an entry point since the last configure or add.
int fake_cuda_calls(const char* entry);

// What the caller did wrong, a line each; "" if nothing.
const char* fake_cuda_misuses();

}  // extern "C"
