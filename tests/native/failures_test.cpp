// SPDX-License-Identifier: MIT
//
// What happens when memory or threads run out: every allocation and every thread start is made to fail in turn. A
// program of its own, because it replaces operator new and pthread_create for the whole process.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include <cstdlib>
#include <new>

#include "support/device.h"

namespace {

// Counts down with each call in this thread; the call that reaches 0 fails. Negative: none will.
thread_local int allocations_left = -1, threads_left = -1;

bool fails(int& left) { return left >= 0 && left-- == 0; }

}  // namespace

// Not inlined: GCC would see free() of what a `new` returned, and warn.
#define QN_REPLACEMENT __attribute__((noinline))

QN_REPLACEMENT void* operator new(size_t size) {
  if (fails(allocations_left)) throw std::bad_alloc();
  void* const memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}
QN_REPLACEMENT void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (fails(allocations_left)) return nullptr;
  return std::malloc(size ? size : 1);
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new[](size_t size, const std::nothrow_t& nothrow) noexcept { return operator new(size, nothrow); }
QN_REPLACEMENT void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, size_t) noexcept { operator delete(memory); }

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) noexcept {
  using Function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_create"));
  return fails(threads_left) ? EAGAIN : real(thread, attributes, start, argument);
}

namespace {

// Opens a device of four threads while the n-th call of one kind fails.
qn_status open_while_failing(int& left, int n) {
  const qn_device_options options = test::options_for(QN_ISA_AUTO, 4);
  qn_device* device = nullptr;
  left = n;
  const qn_status status = qn_device_open("cpu", &options, &device);
  left = -1;
  EXPECT_EQ(status == QN_OK, device != nullptr);
  qn_device_close(device);
  return status;
}

TEST(Failures, OfAnyAllocationAreReported) {
  int n = 0;
  while (open_while_failing(allocations_left, n) != QN_OK) {
    EXPECT_STREQ("no memory for a CPU device of 4 threads", qn_last_error()) << "allocation " << n;
    n++;
    ASSERT_LT(n, 100);
  }
  EXPECT_GE(n, 4) << "the failing operator new was not the library's";
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, open_while_failing(allocations_left, 0));
}

TEST(Failures, OfAnyThreadStartAreReported) {
  int n = 0;
  while (open_while_failing(threads_left, n) != QN_OK) {
    EXPECT_STREQ("the operating system refused to start 3 threads", qn_last_error()) << "thread " << n;
    EXPECT_EQ(QN_ERROR_SYSTEM, open_while_failing(threads_left, n));
    n++;
    ASSERT_LT(n, 100);
  }
  EXPECT_EQ(3, n);
}

TEST(Failures, LeaveNothingThatWouldHurtTheNextOpening) {
  open_while_failing(allocations_left, 1);
  open_while_failing(threads_left, 1);
  const test::Device device = test::open_cpu(QN_ISA_AUTO, 4);
  EXPECT_EQ(std::vector<uint8_t>(32 * 4),
            test::dequantize(device.get(), QN_FORMAT_Q8_0, std::vector<uint8_t>(34), QN_FORMAT_F32));
}

TEST(Failures, OfAllocationsDoNotConcernDecoding) {
  const test::Device device = test::open_cpu(QN_ISA_AUTO, 2);
  std::vector<uint8_t> source(34 * 10000), destination(32 * 4 * 10000);
  allocations_left = 0;
  const qn_status status = qn_dequantize(device.get(), QN_FORMAT_Q8_0, source.data(), source.size(), QN_FORMAT_F32,
                                         destination.data(), destination.size());
  const bool untouched = allocations_left == 0;
  allocations_left = -1;
  EXPECT_EQ(QN_OK, status);
  EXPECT_TRUE(untouched) << "decoding allocated memory";
}

}  // namespace
