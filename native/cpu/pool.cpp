// SPDX-License-Identifier: MIT
//
// The one file that starts threads, and the one that is compiled with exceptions: std::thread throws when the system
// refuses one, and that becomes a status here.
//
// Waiting is std::atomic::wait: unlike std::condition_variable it needs nothing newer than the C++ library that .NET
// itself needs.
#include "pool.h"

#include <atomic>
#include <new>
#include <system_error>
#include <thread>

namespace qn {

struct Pool::State {
  uint32_t workers = 0;  // threads started
  std::thread* threads = nullptr;

  std::atomic<bool> busy{false};     // a caller's job is running
  std::atomic<uint32_t> round{0};    // goes up with each job; workers sleep on it
  std::atomic<uint32_t> running{0};  // workers that have not finished this round
  std::atomic<bool> stop{false};

  // The job of this round: written before `round` goes up, read after it is seen.
  Work work = nullptr;
  const void* context = nullptr;
  uint64_t items = 0, grain = 0;
  std::atomic<uint64_t> next{0};

  void take_pieces() {
    for (;;) {
      const uint64_t first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= items) return;
      work(context, first, items - first < grain ? items : first + grain);
    }
  }

  void work_until_stopped() {
    uint32_t seen = 0;
    for (;;) {
      round.wait(seen, std::memory_order_acquire);
      seen = round.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_relaxed)) return;
      take_pieces();
      if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) running.notify_one();
    }
  }

  void wake_workers() {
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
  }

  ~State() {
    stop.store(true, std::memory_order_relaxed);
    wake_workers();
    for (uint32_t i = 0; i < workers; i++)
      threads[i].join();
    delete[] threads;
  }
};

Pool* Pool::create(uint32_t threads, qn_status& status) {
  status = QN_ERROR_OUT_OF_MEMORY;
  State* const state = new (std::nothrow) State;
  if (!state) return nullptr;
  Pool* const pool = new (std::nothrow) Pool(state);
  if (!pool) {
    delete state;
    return nullptr;
  }
  try {
    if (threads > 1) state->threads = new std::thread[threads - 1];
    while (state->workers < threads - 1) {
      state->threads[state->workers] = std::thread([state] { state->work_until_stopped(); });
      state->workers++;
    }
    status = QN_OK;
    return pool;
  } catch (const std::bad_alloc&) {
  } catch (const std::system_error&) {
    status = QN_ERROR_SYSTEM;
  }
  destroy(pool);
  return nullptr;
}

void Pool::destroy(Pool* pool) {
  if (!pool) return;
  delete pool->state_;
  delete pool;
}

void Pool::run(uint64_t items, uint64_t grain, Work work, const void* context) {
  State& state = *state_;
  // Pieces are handed out by adding to a counter that must not wrap: with items below 2^63 it cannot.
  if (state.workers == 0 || items <= grain || state.busy.exchange(true, std::memory_order_acquire)) {
    work(context, 0, items);
    return;
  }
  state.work = work;
  state.context = context;
  state.items = items;
  state.grain = grain;
  state.next.store(0, std::memory_order_relaxed);
  state.running.store(state.workers, std::memory_order_relaxed);
  state.wake_workers();
  state.take_pieces();
  for (uint32_t left; (left = state.running.load(std::memory_order_acquire)) != 0;)
    state.running.wait(left, std::memory_order_acquire);
  state.busy.store(false, std::memory_order_release);
}

}  // namespace qn
