// SPDX-License-Identifier: MIT
//
// The GPU under test: QN_GPU, such as cuda:1, else cuda:0. Where it cannot be had, each test is skipped with the
// reason.
#pragma once

#include <cstdlib>
#include <string>

#include "support/gpu.h"

namespace test {

inline const char* gpu_name() {
  const char* const name = std::getenv("QN_GPU");
  return name ? name : "cuda:0";
}

// "" or why the GPU cannot be had.
inline std::string gpu_refusal() {
  qn_device* device = nullptr;
  if (qn_device_open(gpu_name(), nullptr, &device) != QN_OK) return qn_last_error();
  qn_device_close(device);
  return "";
}

class OnGpu : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string refusal = gpu_refusal();
    if (!refusal.empty()) GTEST_SKIP() << refusal;
    gpu_ = open_gpu(gpu_name());
  }
  Device gpu_;
};

}  // namespace test
