// SPDX-License-Identifier: MIT
#include "emulation.h"

#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace emulation {
namespace {

constexpr uint32_t kWarp = 32;
constexpr size_t kStackBytes = 256 * 1024;  // AddressSanitizer needs room
constexpr uint8_t kGarbage = 0xcd;

// To shared memory.
struct Access {
  size_t offset, bytes;
};

struct Fiber {
  enum State { kReady, kAtBarrier, kAtShuffle, kDone };

  ucontext_t context;
  State state;
  uint32_t shuffled;             // what it gives to the shuffle that it waits at
  std::vector<Access> accesses;  // since the last barrier, if somebody asks for them
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
  BankUse* banks = nullptr;
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

// Cycles of the access that the lanes of a warp made as their `n`th.
uint32_t cycles_of(const Fiber* lanes, size_t n) {
  constexpr uint32_t kBanks = 32;
  const size_t bytes = std::max<size_t>(lanes[0].accesses[n].bytes, 4);
  const auto together = static_cast<uint32_t>(kWarp * 4 / bytes);
  uint32_t cycles = 0;
  for (uint32_t first = 0; first < kWarp; first += together) {
    std::set<size_t> words[kBanks];
    for (uint32_t lane = first; lane < first + together; lane++)
      for (size_t word = lanes[lane].accesses[n].offset / 4, i = 0; i < bytes / 4; i++, word++)
        words[word % kBanks].insert(word);
    size_t most = 0;
    for (const std::set<size_t>& of_bank : words)
      most = std::max(most, of_bank.size());
    cycles += static_cast<uint32_t>(most);
  }
  return cycles;
}

void count_banks(const Launch& launch) {
  for (size_t warp = 0; warp < launch.fibers.size(); warp += kWarp) {
    const Fiber* const lanes = &launch.fibers[warp];
    for (uint32_t lane = 1; lane < kWarp; lane++)
      if (lanes[lane].accesses.size() != lanes[0].accesses.size()) fault("lanes of a warp go different ways");
    if (!launch.fault.empty()) return;
    launch.banks->accesses += lanes[0].accesses.size();
    for (size_t n = 0; n < lanes[0].accesses.size(); n++)
      launch.banks->cycles += cycles_of(lanes, n);
  }
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
  if (launch.banks) count_banks(launch);
}

}  // namespace

std::string launch(Entry entry, uint32_t grid, uint32_t threads, Order order, const uint8_t* source, void* destination,
                   uint64_t blocks, BankUse* banks) {
  Launch launch{
      entry,   source, destination, blocks, std::vector<Fiber>(threads), std::vector<uint32_t>(threads), 0, 0, {},
      nullptr, 0,      "",          banks};
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
void barrier() {
  wait(Fiber::kAtBarrier);
  launched->fibers[launched->running].accesses.clear();
}

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
  Launch& launch = *launched;
  if (!launch.banks || !launch.shared) return;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(launch.shared.get());
  const uintptr_t at = reinterpret_cast<uintptr_t>(address);
  if (at >= begin && at < begin + launch.shared_bytes)
    launch.fibers[launch.running].accesses.push_back({at - begin, to});
}

}  // namespace emulation
