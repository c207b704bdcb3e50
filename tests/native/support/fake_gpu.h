// SPDX-License-Identifier: MIT
//
// Tests on the fake driver: each starts with a fresh one, and ends with nothing left in it and no misuse.
#pragma once

#include "../fake_cuda/fake_cuda.h"
#include "gpu.h"
#include "reference.h"

namespace test {

class FakeGpu : public testing::Test {
 protected:
  void SetUp() override {
    fake_cuda_configure("");
    if (qn_device_count() < 2) GTEST_SKIP() << "this build has no CUDA kernels";
  }
  void TearDown() override { expect_nothing_left(); }

  static void expect_nothing_left() {
    const FakeCudaCounts left = fake_cuda_counts();
    EXPECT_EQ(0, left.contexts);
    EXPECT_EQ(0, left.modules);
    EXPECT_EQ(0, left.streams);
    EXPECT_EQ(0, left.events);
    EXPECT_EQ(0, left.device_buffers);
    EXPECT_EQ(0, left.pinned_buffers);
    EXPECT_STREQ("", fake_cuda_misuses());
  }
};

}  // namespace test
