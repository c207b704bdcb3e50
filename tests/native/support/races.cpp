// SPDX-License-Identifier: MIT
//
// Several threads bring jobs to one pool; each job writes an array that its owner then reads. For the thread sanitizer:
// POOL names the copy of pool.cpp that is compiled in.
#include POOL

#include <stdio.h>

#include <vector>

namespace {

constexpr uint64_t kItems = 1000, kGrain = 10;

void square(const void* context, uint64_t first, uint64_t last) {
  uint64_t* const items = *static_cast<uint64_t* const*>(context);
  for (uint64_t i = first; i < last; i++)
    items[i] = i * i;
}

bool squares(qn::Pool* pool) {
  std::vector<uint64_t> items(kItems);
  uint64_t* const context = items.data();
  pool->run(kItems, kGrain, square, &context);
  for (uint64_t i = 0; i < kItems; i++)
    if (items[i] != i * i) return false;
  return true;
}

}  // namespace

int main() {
  for (int round = 0; round < 20; round++) {
    qn_status status;
    qn::Pool* const pool = qn::Pool::create(4, status);
    if (!pool) return 1;
    std::atomic<int> wrong{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; caller++)
      callers.emplace_back([&] {
        for (int job = 0; job < 30; job++)
          wrong += !squares(pool);
      });
    for (std::thread& caller : callers)
      caller.join();
    qn::Pool::destroy(pool);
    if (wrong) return printf("%d jobs gave wrong results\n", wrong.load()), 1;
  }
}
