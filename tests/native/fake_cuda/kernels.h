// SPDX-License-Identifier: MIT
//
// The kernels of the fake driver: functions of the CPU by the names of the entries in the images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fake_cuda {

struct Grid {
  unsigned blocks, threads, shared_bytes;
};

// A kernel with the parameters that all kernels have.
struct Kernel {
  size_t source_block, destination_block;  // bytes that it reads and writes for each block
  void (*run)(const Kernel& kernel, const Grid& grid, const uint8_t* source, uint8_t* destination, uint64_t blocks);
  int format, output;
};

// nullptr: there is none of this name.
const Kernel* find_kernel(const std::string& entry);

}  // namespace fake_cuda
