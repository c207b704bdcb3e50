// SPDX-License-Identifier: MIT
//
// Runs the tests on one GPU, and says which one that is.
#include <cstdio>

#include "under_test.h"

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  if (!testing::GTEST_FLAG(list_tests)) {
    if (const std::string refusal = test::gpu_refusal(); !refusal.empty()) {
      std::printf("no GPU: %s\n", refusal.c_str());
    } else {
      const test::Device gpu = test::open_gpu(test::gpu_name());
      std::printf("GPU %s: %s\n", test::gpu_name(), test::describe(gpu.get()).description);
    }
  }
  return RUN_ALL_TESTS();
}
