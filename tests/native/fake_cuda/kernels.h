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

// What a kernel is told. Those with a task are always emulated.
enum class Parameters { kAddresses, kMatrixTask, kEncodeTask };

struct Kernel {
  // Bytes that it reads (of encoders: numbers) and writes for each block; not of matrices.
  size_t source_block, destination_block;
  int format, output;  // of those that decode
  emulation::Entry emulated;
  Parameters parameters;
};

// nullptr: there is none of this name.
const Kernel* find_kernel(const std::string& entry);

// "" or what the kernel did wrong.
std::string run(const Kernel& kernel, Runs how, unsigned grid, unsigned threads, const uint8_t* source,
                uint8_t* destination, uint64_t blocks);

}  // namespace fake_cuda
