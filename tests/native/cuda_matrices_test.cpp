// SPDX-License-Identifier: MIT
//
// Packed matrices on a GPU, by the fake driver: the CPU's bits, whatever the matrix and in how many chunks.
#include "cuda/driver_api.h"
#include "support/fake_gpu.h"
#include "support/matrices.h"
#include "support/on_gpu_matrix.h"

using namespace test;

namespace {

class CudaMatrices : public FakeGpu {};

std::vector<uint8_t> decode(const Device& device, const PackedMatrix& matrix, qn_order order, uint64_t first,
                            uint64_t count, qn_format output) {
  const uint64_t length = order == QN_ORDER_ROWS ? matrix.shape.columns : matrix.shape.rows;
  std::vector<uint8_t> results(count * length * output_size(output));
  const qn_matrix view = matrix.view();
  EXPECT_EQ(QN_OK,
            qn_dequantize_matrix(device.get(), &view, order, first, count, output, results.data(), results.size()))
      << qn_last_error();
  return results;
}

void expect_the_cpus_bits(const Device& gpu, const Device& cpu, const MatrixShape& shape, uint64_t skipped) {
  const PackedMatrix matrix = draw_matrix(shape, seed());
  for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS})
    for (const qn_format output : kOutputs) {
      const uint64_t lines = order == QN_ORDER_ROWS ? shape.rows : shape.columns;
      const uint64_t first = skipped % lines;
      const auto expected = decode(cpu, matrix, order, first, lines - first, output);
      ASSERT_EQ("", difference(expected, decode(gpu, matrix, order, first, lines - first, output), output))
          << describe(shape) << ", order " << order;
    }
}

qn_status try_decode(const Device& device, const MatrixShape& shape) {
  const PackedMatrix matrix = draw_matrix(shape, seed());
  const qn_matrix view = matrix.view();
  std::vector<uint8_t> results(shape.rows * shape.columns * 2);
  return qn_dequantize_matrix(device.get(), &view, QN_ORDER_ROWS, 0, shape.rows, QN_FORMAT_F16, results.data(),
                              results.size());
}

TEST_F(CudaMatrices, HaveTheBitsOfTheCpu) {
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  uint64_t skipped = 0;
  for (const MatrixShape& shape : matrix_shapes())
    expect_the_cpus_bits(gpu, cpu, shape, skipped++ % 4);
  EXPECT_STREQ("sm_80-ptx/AWQ_GEMV/bf16", qn_last_kernel());
}

// Codes of 7 bits go through plain code.
TEST_F(CudaMatrices, AreByHandButOfSevenBits) {
  const Device gpu = open_gpu();
  for (const uint32_t bits : {4u, 7u}) {
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    ASSERT_EQ(QN_OK, qn_device_matrix_capability(gpu.get(), QN_OPERATION_DEQUANTIZE, QN_MATRIX_PACK_QUANTIZED, bits,
                                                 QN_ORDER_ROWS, QN_FORMAT_F32, &capability))
        << qn_last_error();
    EXPECT_EQ(1u, capability.supported);
    EXPECT_EQ(bits == 4 ? 1u : 0u, capability.tuned);
  }
}

TEST_F(CudaMatrices, AreDecodedWhereTheyAre) {
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const Stream stream = make_stream(gpu);
  for (const MatrixShape& shape : matrix_shapes()) {
    const PackedMatrix matrix = draw_matrix(shape, seed());
    const OnGpuMatrix there(gpu, stream, matrix.view());
    for (const qn_order order : {QN_ORDER_ROWS, QN_ORDER_COLUMNS})
      for (const qn_format output : kOutputs) {
        const uint64_t lines = order == QN_ORDER_ROWS ? shape.rows : shape.columns;
        const auto expected = decode(cpu, matrix, order, 1, lines - 1, output);
        const Buffer results = make_buffer(gpu, expected.size());
        ASSERT_EQ(QN_OK, qn_dequantize_matrix_async(stream.get(), there.view(), order, 1, lines - 1, output,
                                                    address(results), expected.size()))
            << qn_last_error();
        std::vector<uint8_t> found(expected.size());
        ASSERT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(results), found.data(), found.size()));
        ASSERT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
        ASSERT_EQ("", difference(expected, found, output)) << describe(shape) << ", order " << order;
      }
  }
}

TEST_F(CudaMatrices, AreCheckedBeforeTheyAreQueued) {
  const Device gpu = open_gpu();
  const Stream stream = make_stream(gpu);
  const PackedMatrix matrix = draw_matrix({QN_MATRIX_GPTQ, 4, 64, 256, 128, QN_FORMAT_F16, false, false, 0}, seed());
  const OnGpuMatrix there(gpu, stream, matrix.view());
  const Buffer results = make_buffer(gpu, 64 * 256 * 2);
  const auto status = [&](qn_stream* in, const qn_matrix* view, uint64_t first, uint64_t count, size_t size) {
    return qn_dequantize_matrix_async(in, view, QN_ORDER_ROWS, first, count, QN_FORMAT_F16, address(results), size);
  };
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, status(nullptr, there.view(), 0, 64, 64 * 256 * 2));
  EXPECT_STREQ("stream is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, status(stream.get(), nullptr, 0, 64, 64 * 256 * 2));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, status(stream.get(), there.view(), 60, 5, 64 * 256 * 2));
  EXPECT_EQ(QN_ERROR_SIZE, status(stream.get(), there.view(), 0, 64, 64 * 256 * 2 - 1));
  qn_matrix view = *there.view();
  view.scales_size--;
  EXPECT_EQ(QN_ERROR_SIZE, status(stream.get(), &view, 0, 64, 64 * 256 * 2));
  EXPECT_EQ(QN_OK, status(stream.get(), there.view(), 0, 0, 0));
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
}

// The least memory is two slots of 512 KiB.
TEST_F(CudaMatrices, AreDecodedInChunks) {
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const int before = fake_cuda_calls("cuLaunchKernel");
  expect_the_cpus_bits(gpu, cpu, {QN_MATRIX_GPTQ, 4, 512, 1024, 128, QN_FORMAT_F16, false, false, 0}, 3);
  EXPECT_GE(fake_cuda_calls("cuLaunchKernel") - before, 16);
}

// A line does not fit a slot.
TEST_F(CudaMatrices, OfLongLinesAreDecodedInParts) {
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  expect_the_cpus_bits(gpu, cpu, {QN_MATRIX_AWQ_GEMV, 4, 2, 300000, 128, QN_FORMAT_F16, false, false, 0}, 0);
}

// The matrix has 270336 bytes of arrays, and the memory is enough for it and for staging that is small.
TEST_F(CudaMatrices, FindRoomBesidesTheStaging) {
  const MatrixShape shape{QN_MATRIX_GPTQ, 4, 512, 1024, 128, QN_FORMAT_F16, true, false, 0};
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  fake_cuda_configure("memory=2000000");
  const Device gpu = open_gpu("cuda:0", 2000000);
  expect_the_cpus_bits(gpu, cpu, shape, 0);
}

TEST_F(CudaMatrices, MakeStagingGiveBackMemory) {
  const MatrixShape shape{QN_MATRIX_GPTQ, 4, 512, 1024, 128, QN_FORMAT_F16, true, false, 0};
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  fake_cuda_configure("memory=2000000");
  const Device gpu = open_gpu("cuda:0", 1900000);
  dequantize(gpu.get(), QN_FORMAT_Q4_0, std::vector<uint8_t>(18 * 1000), QN_FORMAT_F32);
  EXPECT_EQ(100000u, describe(gpu.get()).memory_free);
  expect_the_cpus_bits(gpu, cpu, shape, 0);
}

TEST_F(CudaMatrices, LargerThanTheMemoryAreRefusedBeforeAnythingIsAllocated) {
  fake_cuda_configure("memory=1300000");
  const Device gpu = open_gpu();
  const MatrixShape shape{QN_MATRIX_GPTQ, 4, 512, 1024, 128, QN_FORMAT_F16, true, false, 0};
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, try_decode(gpu, shape));
  EXPECT_STREQ(
      "cuda:0: a packed matrix needs 270336 bytes of the GPU, and 1048576 for staging; 1300000 of 1300000 bytes are "
      "free",
      qn_last_error());
  EXPECT_EQ(0, fake_cuda_calls("cuMemAlloc_v2"));
  EXPECT_EQ(0, fake_cuda_calls("cuMemHostAlloc"));
  // One that fits is decoded then.
  EXPECT_EQ(QN_OK, try_decode(gpu, {QN_MATRIX_GPTQ, 4, 64, 256, 128, QN_FORMAT_F16, true, false, 0}));
}

TEST_F(CudaMatrices, LeaveNothingWhenTheDriverFails) {
  const PackedMatrix matrix = draw_matrix({QN_MATRIX_GPTQ, 4, 256, 1024, 128, QN_FORMAT_F16, false, false, 0}, seed());
  const qn_matrix view = matrix.view();
  std::vector<uint8_t> results(256 * 1024 * 4);
  for (const char* entry : {"cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuStreamSynchronize",
                            "cuLaunchKernel", "cuModuleLoadDataEx", "cuModuleGetFunction"}) {
    int failed = 0;
    for (int n = 1; n <= 4; n++) {
      fake_cuda_configure(("fail=" + std::string(entry) + ":" + std::to_string(n) + ":" +
                           std::to_string(static_cast<int>(qn::cuda::CUDA_ERROR_INVALID_HANDLE)))
                              .c_str());
      {
        const Device gpu = open_gpu();
        const qn_status status = qn_dequantize_matrix(gpu.get(), &view, QN_ORDER_ROWS, 0, 256, QN_FORMAT_F32,
                                                      results.data(), results.size());
        failed += status != QN_OK;
      }
      expect_nothing_left();
    }
    EXPECT_GE(failed, 1) << entry;
  }
}

}  // namespace
