// SPDX-License-Identifier: MIT
//
// A fixed number of threads that share one job at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "quantnet.h"

namespace qn {

class Pool {
 public:
  // Processes [first, last) of the job's items.
  using Work = void (*)(const void* context, uint64_t first, uint64_t last);

  // A pool in which `threads` threads work on a job, the one that brings it included; so it starts threads - 1.
  // nullptr on failure, with the status; `threads` is 1 or more.
  static Pool* create(uint32_t threads, qn_status& status);
  static void destroy(Pool* pool);

  // Runs work over [0, items) in pieces of `grain` items, and returns when all of it is done. If the pool is busy with
  // another caller's job, everything runs in this thread: the result is the same, and nobody waits for anybody.
  void run(uint64_t items, uint64_t grain, Work work, const void* context);

 private:
  struct State;
  explicit Pool(State* state) : state_(state) {}
  State* state_;
};

}  // namespace qn
