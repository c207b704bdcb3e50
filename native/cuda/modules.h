// SPDX-License-Identifier: MIT
//
// Which image of a format or of a layout of packed matrices runs on a GPU, and the module that it becomes there.
#pragma once

#include <atomic>
#include <mutex>

#include "context.h"

namespace qn::cuda {

// The lowest compute capability (75 for 7.5) that some image runs on.
int lowest_capability();

// The module of a format or layout in a context. Loaded when first used: compiling all of them would take seconds.
struct Context::Module {
  std::atomic<const Image*> image{nullptr};  // the one in use, or the one to be loaded; nullptr: there is none
  std::atomic<bool> ready{false};            // the fields below are set and no longer change
  std::mutex loading;
  CUmodule handle = nullptr;
  CUfunction functions[2][kOutputs] = {};  // the second are for matrices with lists of groups, where there are some

  // How many there are: one for each format and, behind those, for each layout.
  static size_t count();

  // All of them, each with the best image for a compute capability. nullptr: no memory.
  static Module* plan(int capability);
};

}  // namespace qn::cuda
