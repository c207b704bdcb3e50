// SPDX-License-Identifier: MIT
//
// The kernels of the fake driver: functions of the CPU by the names of the entries in the images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "../cuda/emulation.h"

namespace fake_cuda {

// How kernels are run.
enum class Runs {
  kEmulated,  // the kernels themselves, compiled for the emulation in tests/native/cuda
  kScalar,    // the CPU's scalar kernels instead, which is much faster
};

struct Kernel {
  // Of formats.
  size_t source_block, destination_block;  // bytes that it reads and writes for each block
  int format, output;
  emulation::Entry emulated;
  bool of_matrices;  // its one parameter is a MatrixTask, and it is always emulated
};

// nullptr: there is none of this name.
const Kernel* find_kernel(const std::string& entry);

// "" or what the kernel did wrong.
std::string run(const Kernel& kernel, Runs how, unsigned grid, unsigned threads, const uint8_t* source,
                uint8_t* destination, uint64_t blocks);

}  // namespace fake_cuda
