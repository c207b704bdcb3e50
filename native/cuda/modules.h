// SPDX-License-Identifier: MIT
//
// Which image of a format, a layout of packed matrices or an encoder runs on a GPU, and the module that it becomes
// there.
#pragma once

#include <atomic>
#include <mutex>

#include "context.h"

namespace qn::cuda {

// The lowest compute capability (75 for 7.5) that some image runs on.
int lowest_capability();

// The module of a format, layout or encoder in a context. Loaded when first used: compiling all of them would take
// seconds.
struct Context::Module {
  std::atomic<const Image*> image{nullptr};  // the one in use, or the one to be loaded; nullptr: there is none
  std::atomic<bool> ready{false};            // the fields below are set and no longer change
  std::mutex loading;
  CUmodule handle = nullptr;
  // The second are for matrices with lists of groups, where there are some; encoders have only the very first.
  CUfunction functions[2][kOutputs] = {};

  // How many there are: one for each format, behind those for each layout, and behind those for each format that is
  // encoded into.
  static size_t count();

  // All of them, each with the best image for a compute capability. nullptr: no memory.
  static Module* plan(int capability);
};

}  // namespace qn::cuda
