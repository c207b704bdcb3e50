// SPDX-License-Identifier: MIT
//
// A GPU that is lost. In a process of its own, because on real hardware the process has lost it then.
#include <cstring>

#include "under_test.h"

using namespace test;

namespace {

class GpuLost : public OnGpu {};

TEST_F(GpuLost, SaysSoAndLeavesTheCpuWorking) {
  const Stream stream = make_stream(gpu_);
  constexpr uint64_t kNowhere = 0x1000;
  // Starting it may fail, or only what comes after it.
  qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, kNowhere, 34, QN_FORMAT_F32, 2 * kNowhere, 128);
  EXPECT_EQ(QN_ERROR_DEVICE_LOST, qn_stream_synchronize(stream.get()));
  EXPECT_NE(nullptr, std::strstr(qn_last_error(), "is lost")) << qn_last_error();
  uint8_t block[34] = {};
  float weights[32];
  EXPECT_EQ(QN_ERROR_DEVICE_LOST,
            qn_dequantize(gpu_.get(), QN_FORMAT_Q8_0, block, sizeof block, QN_FORMAT_F32, weights, sizeof weights));
  const Device cpu = open_cpu();
  EXPECT_EQ(QN_OK,
            qn_dequantize(cpu.get(), QN_FORMAT_Q8_0, block, sizeof block, QN_FORMAT_F32, weights, sizeof weights));
}

}  // namespace
