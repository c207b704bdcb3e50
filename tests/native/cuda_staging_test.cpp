// SPDX-License-Identifier: MIT
//
// Work on the caller's memory: chunk by chunk through pinned memory, with the bits of the CPU.
#include <cstring>
#include <thread>

#include "support/fake_gpu.h"
#include "support/guarded.h"

using namespace test;

namespace {

// Whole blocks of random bits, about `bytes` of them.
std::vector<uint8_t> random_blocks(const qn_format_info& format, size_t bytes, uint64_t salt = 0) {
  return Random(seed() + format.format + salt).bytes((bytes / format.bytes_per_block + 1) * format.bytes_per_block);
}

class CudaStaging : public FakeGpu {};

// The CPU's kernels: this is about chunks, and many of them would take the emulation a minute.
class CudaStagingOfEachFormat : public FakeGpu, public testing::WithParamInterface<qn_format_info> {
 protected:
  void SetUp() override {
    FakeGpu::SetUp();
    fake_cuda_add("kernels=scalar");
  }
};

TEST_P(CudaStagingOfEachFormat, GivesTheBitsOfTheCpuInManyChunks) {
  const qn_format_info& format = GetParam();
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  // Some five chunks of the least memory: packed and f32 weights share a slot of 512 KiB.
  const size_t ratio = 1 + format.values_per_block * 4 / format.bytes_per_block;
  const auto source = random_blocks(format, (short_mode() ? 3 : 5) * (512 * 1024 / ratio));
  for (const qn_format output : kOutputs) {
    const auto expected = dequantize(cpu.get(), format.format, source, output);
    EXPECT_EQ("", difference(expected, dequantize(gpu.get(), format.format, source, output), output));
    EXPECT_EQ(0, std::strncmp("sm_", qn_last_kernel(), 3)) << qn_last_kernel();
  }
  EXPECT_GE(fake_cuda_calls("cuLaunchKernel"), 8);
}

TEST_P(CudaStagingOfEachFormat, LeavesWeightsOnTheGpu) {
  const qn_format_info& format = GetParam();
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const auto source = random_blocks(format, 3 * 512 * 1024 / (short_mode() ? 10 : 1));
  const auto expected = dequantize(cpu.get(), format.format, source, QN_FORMAT_F16);
  const Buffer weights = make_buffer(gpu, expected.size());
  ASSERT_EQ(QN_OK, qn_dequantize_to_device(gpu.get(), format.format, source.data(), source.size(), QN_FORMAT_F16,
                                           address(weights), expected.size()))
      << qn_last_error();
  const Stream stream = make_stream(gpu);
  std::vector<uint8_t> found(expected.size());
  ASSERT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(weights), found.data(), found.size()));
  ASSERT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
  EXPECT_EQ("", difference(expected, found, QN_FORMAT_F16));
}

INSTANTIATE_TEST_SUITE_P(, CudaStagingOfEachFormat, testing::ValuesIn(formats()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(CudaStaging, DecodesRowsOfAList) {
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const qn_format_info format = format_info(QN_FORMAT_Q6_K);
  constexpr uint64_t kRowBlocks = 7, kRows = 100;
  const auto source = Random(seed()).bytes(kRowBlocks * kRows * format.bytes_per_block);
  std::vector<uint64_t> rows;
  for (uint64_t i = 0; i < 200; i++)
    rows.push_back(i % 3 ? (i * 37) % kRows : i / 2 % kRows);
  std::vector<uint8_t> expected(rows.size() * kRowBlocks * 1024), found(expected.size());
  for (const auto& [device, weights] : {std::pair(&cpu, &expected), std::pair(&gpu, &found)})
    ASSERT_EQ(QN_OK, qn_dequantize_rows(device->get(), QN_FORMAT_Q6_K, source.data(), source.size(), kRowBlocks * 256,
                                        rows.data(), rows.size(), QN_FORMAT_F32, weights->data(), weights->size()))
        << qn_last_error();
  EXPECT_EQ("", difference(expected, found, QN_FORMAT_F32));
  ASSERT_EQ(QN_OK, qn_dequantize_rows(gpu.get(), QN_FORMAT_Q6_K, source.data(), source.size(), 256, nullptr, 0,
                                      QN_FORMAT_F32, nullptr, 0));
}

TEST_F(CudaStaging, TouchesNothingAroundTheBuffers) {
  const Device gpu = open_gpu();
  for (const size_t blocks : {size_t{1}, size_t{2}, size_t{63}, size_t{5000}}) {
    const Guarded source(std::vector<uint8_t>(blocks * 34), Guard::kBehind);
    Guarded weights(blocks * 128);
    EXPECT_EQ(QN_OK, qn_dequantize(gpu.get(), QN_FORMAT_Q8_0, const_cast<Guarded&>(source).data(), source.size(),
                                   QN_FORMAT_F32, weights.data(), weights.size()))
        << qn_last_error();
  }
}

TEST_F(CudaStaging, TakesNoMoreMemoryThanItsLimit) {
  fake_cuda_configure("memory=33554432");
  const Device gpu = open_gpu("cuda:0", 5 << 20);
  EXPECT_EQ(33554432u, describe(gpu.get()).memory_free) << "memory was taken before it was needed";
  dequantize(gpu.get(), QN_FORMAT_Q4_0, std::vector<uint8_t>(18 * 100000), QN_FORMAT_F32);
  EXPECT_EQ(33554432u - (5u << 20), describe(gpu.get()).memory_free);
}

TEST_F(CudaStaging, MakesDoWithLessDownToTheLeast) {
  fake_cuda_configure("memory=3000000");
  const Device gpu = open_gpu("cuda:0", 8 << 20);
  const std::vector<uint8_t> source(34 * 50000);
  EXPECT_EQ(std::vector<uint8_t>(64 * 50000), dequantize(gpu.get(), QN_FORMAT_Q8_0, source, QN_FORMAT_F16));
  EXPECT_EQ(3000000u - (2u << 20), describe(gpu.get()).memory_free);

  const Buffer buffer = make_buffer(gpu, 100000);
  const Device other = open_gpu("cuda:0", 8 << 20);
  std::vector<uint8_t> weights(64);
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, qn_dequantize(other.get(), QN_FORMAT_Q8_0, source.data(), 34, QN_FORMAT_F16,
                                                  weights.data(), weights.size()));
  EXPECT_STREQ(
      "cuda:0: no memory for staging of 1048576 bytes (CUDA_ERROR_OUT_OF_MEMORY); 802848 of 3000000 bytes of the GPU "
      "are "
      "free",
      qn_last_error());
}

TEST_F(CudaStaging, IsSharedByThreads) {
  const Device gpu = open_gpu();
  std::vector<std::thread> callers;
  for (uint64_t caller = 0; caller < 4; caller++)
    callers.emplace_back([&, caller] {
      const Device cpu = open_cpu(QN_ISA_SCALAR);
      const auto source = random_blocks(format_info(QN_FORMAT_Q5_K), 200000 + 1000 * caller, caller);
      const auto expected = dequantize(cpu.get(), QN_FORMAT_Q5_K, source, QN_FORMAT_BF16);
      for (int i = 0; i < 5; i++)
        ASSERT_EQ("",
                  difference(expected, dequantize(gpu.get(), QN_FORMAT_Q5_K, source, QN_FORMAT_BF16), QN_FORMAT_BF16));
    });
  for (std::thread& caller : callers)
    caller.join();
}

}  // namespace
