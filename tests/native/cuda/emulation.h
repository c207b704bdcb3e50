// SPDX-License-Identifier: MIT
//
// A GPU played by the CPU, for kernels compiled with QN_EMULATED: each thread of a CUDA block is a fiber that runs
// until it waits for others. It catches what the order of threads would hide: a missing barrier (a fiber runs ahead of
// those whose data it needs), a barrier or shuffle that not all reach, shared memory read before it is written (filled
// with garbage for each CUDA block, and of exact size for AddressSanitizer), misaligned vector accesses. It counts
// conflicts of banks. It knows nothing of time, registers or weak memory order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace emulation {

using Entry = void (*)(const uint8_t* source, void* destination, uint64_t blocks);

struct Kernel {
  const char* name;  // "Q4_K_f16"
  Entry entry;
};

// The order in which the threads of a CUDA block get their turns.
enum class Order { kForward, kBackward, kShuffled };

// What warps ask of shared memory behind the last barrier, by load_aligned() and its like (not by bytes): accesses, and
// cycles. In a cycle each of 32 banks gives one word, to any number of lanes. Accesses of 8 and 16 bytes are by halves
// and quarters of a warp.
struct BankUse {
  uint64_t accesses = 0, cycles = 0;
};

// Runs a grid of one dimension in the calling thread. "" or what the kernel did wrong. Any number of threads may
// launch.
std::string launch(Entry entry, uint32_t grid, uint32_t threads, Order order, const uint8_t* source, void* destination,
                   uint64_t blocks, BankUse* banks = nullptr);

// What kernels call.
uint32_t thread_index();
uint32_t block_index();
void barrier();
uint32_t shuffle_xor(uint32_t value, uint32_t lanes);
uint8_t* shared_memory(size_t bytes);
void check_aligned(const void* address, size_t to);

}  // namespace emulation
