// SPDX-License-Identifier: MIT
#include "emulation.h"

#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace emulation {
namespace {

constexpr uint32_t kWarp = 32;
constexpr size_t kStackBytes = 256 * 1024;  // AddressSanitizer needs room
constexpr uint8_t kGarbage = 0xcd;

struct Fiber {
  enum State { kReady, kAtBarrier, kAtShuffle, kDone };

  ucontext_t context;
  State state;
  uint32_t shuffled;  // what it gives to the shuffle that it waits at
};

struct Launch {
  Entry entry;
  const uint8_t* source;
  void* destination;
  uint64_t blocks;
  std::vector<Fiber> fibers;
  std::vector<uint32_t> order;
  uint32_t block = 0, running = 0;
  ucontext_t scheduler;
  std::unique_ptr<uint8_t[]> shared;
  size_t shared_bytes = 0;
  std::string fault;  // the first one
};

thread_local Launch* launched = nullptr;

// Of fiber i, in all launches of this thread.
char* stack_of(size_t i) {
  thread_local std::vector<std::unique_ptr<char[]>> stacks;
  while (stacks.size() <= i)
    stacks.emplace_back(new char[kStackBytes]);
  return stacks[i].get();
}

void fault(const std::string& what) {
  if (launched->fault.empty())
    launched->fault =
        "block " + std::to_string(launched->block) + ", thread " + std::to_string(launched->running) + ": " + what;
}

// Gives the turn back, and returns when it is this fiber's again.
void wait(Fiber::State state) {
  Launch& launch = *launched;
  Fiber& self = launch.fibers[launch.running];
  self.state = state;
  swapcontext(&self.context, &launch.scheduler);
}

void run_fiber() {
  launched->entry(launched->source, launched->destination, launched->blocks);
  launched->fibers[launched->running].state = Fiber::kDone;
}

void start(Launch& launch, size_t i) {
  Fiber& fiber = launch.fibers[i];
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack_of(i);
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = &launch.scheduler;
  makecontext(&fiber.context, run_fiber, 0);
  fiber.state = Fiber::kReady;
}

uint32_t count(const Launch& launch, uint32_t from, uint32_t to, Fiber::State state) {
  uint32_t all = 0;
  for (uint32_t i = from; i < to; i++)
    all += launch.fibers[i].state == state;
  return all;
}

// Lets those go on for whom all that they wait for have come; false when there are none.
bool release(Launch& launch) {
  const auto threads = static_cast<uint32_t>(launch.fibers.size());
  bool released = false;
  for (uint32_t warp = 0; warp < threads; warp += kWarp) {
    if (count(launch, warp, warp + kWarp, Fiber::kAtShuffle) < kWarp) continue;
    for (uint32_t i = warp; i < warp + kWarp; i++)
      launch.fibers[i].state = Fiber::kReady;
    released = true;
  }
  if (count(launch, 0, threads, Fiber::kAtBarrier) == threads) {
    for (Fiber& fiber : launch.fibers)
      fiber.state = Fiber::kReady;
    released = true;
  }
  return released;
}

void run_block(Launch& launch) {
  const auto threads = static_cast<uint32_t>(launch.fibers.size());
  launch.shared.reset();
  for (size_t i = 0; i < threads; i++)
    start(launch, i);
  do {
    for (const uint32_t i : launch.order) {
      if (launch.fibers[i].state != Fiber::kReady) continue;
      launch.running = i;
      swapcontext(&launch.scheduler, &launch.fibers[i].context);
    }
  } while (release(launch));
  if (count(launch, 0, threads, Fiber::kDone) < threads)
    fault(std::to_string(count(launch, 0, threads, Fiber::kAtBarrier)) + " of " + std::to_string(threads) +
          " threads wait at a barrier, " + std::to_string(count(launch, 0, threads, Fiber::kAtShuffle)) +
          " at a shuffle, for others that never come");
}

}  // namespace

std::string launch(Entry entry, uint32_t grid, uint32_t threads, Order order, const uint8_t* source, void* destination,
                   uint64_t blocks) {
  Launch launch{entry, source,  destination, blocks, std::vector<Fiber>(threads), std::vector<uint32_t>(threads), 0, 0,
                {},    nullptr, 0,           ""};
  std::iota(launch.order.begin(), launch.order.end(), 0);
  if (order == Order::kBackward) std::reverse(launch.order.begin(), launch.order.end());
  if (order == Order::kShuffled)
    for (uint32_t i = 1; i < threads; i++)
      std::swap(launch.order[i], launch.order[i * 2654435761u % (i + 1)]);
  Launch* const outer = std::exchange(launched, &launch);
  for (launch.block = 0; launch.block < grid && launch.fault.empty(); launch.block++)
    run_block(launch);
  launched = outer;
  return launch.fault;
}

uint32_t thread_index() { return launched->running; }
uint32_t block_index() { return launched->block; }
void barrier() { wait(Fiber::kAtBarrier); }

uint32_t shuffle_xor(uint32_t value, uint32_t lanes) {
  Launch& launch = *launched;
  const uint32_t self = launch.running;
  launch.fibers[self].shuffled = value;
  wait(Fiber::kAtShuffle);
  const uint32_t other = launch.fibers[self ^ lanes].shuffled;
  wait(Fiber::kAtShuffle);  // nobody gives the next value before all have taken this one
  return other;
}

uint8_t* shared_memory(size_t bytes) {
  Launch& launch = *launched;
  if (!launch.shared) {
    launch.shared.reset(new uint8_t[bytes]);
    launch.shared_bytes = bytes;
    std::memset(launch.shared.get(), kGarbage, bytes);
  } else if (launch.shared_bytes != bytes) {
    fault("shared memory of " + std::to_string(bytes) + " bytes after one of " + std::to_string(launch.shared_bytes));
  }
  return launch.shared.get();
}

void check_aligned(const void* address, size_t to) {
  if (reinterpret_cast<uintptr_t>(address) % to != 0)
    fault("an access of " + std::to_string(to) + " bytes is not aligned");
}

}  // namespace emulation
