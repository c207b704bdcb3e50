// SPDX-License-Identifier: MIT
//
// What happens when the driver fails: every entry point, in turn, at its first calls, ends in a status and a line that
// names the driver's error; nothing is left behind; the CPU, and the GPU if it is not lost, go on.
#include <cstring>

#include "cuda/driver_api.h"
#include "support/fake_gpu.h"

using namespace test;

namespace {

using namespace qn::cuda;

struct Entry {
  const char* name;
};

const Entry kEntries[] = {
#define QN_ENTRY(member, symbol, parameters) {#symbol},
    QN_CUDA_ENTRIES(QN_ENTRY)
#undef QN_ENTRY
};

// Uses about everything; ends at the first failure.
qn_status use_everything(std::string& error) {
  qn_device* device = nullptr;
  qn_stream *stream = nullptr, *same = nullptr;
  qn_event *first = nullptr, *last = nullptr;
  qn_buffer *packed = nullptr, *weights = nullptr, *out = nullptr;
  const std::vector<uint8_t> source(18 * 40000, 0x11);
  std::vector<uint8_t> result(64 * 40000);
  const std::vector<float> numbers(256, 1);
  qn_quantize_options weighted{};
  weighted.struct_size = sizeof weighted;
  weighted.importance = numbers.data();
  weighted.importance_size = 256 * sizeof(float);
  const uint64_t rows[] = {1, 0};
  uint32_t done = 0;
  float time = 0;
  uint64_t free = 0;
  qn_device_options options = options_for(QN_ISA_AUTO, 1);
  options.memory_limit = QN_MEMORY_LIMIT_MIN;

  qn_status status = qn_device_open("cuda:0", &options, &device);
  const auto then = [&](auto call) {
    if (status == QN_OK) status = call();
  };
  then([&] { return qn_device_memory(device, &free, nullptr); });
  then([&] { return qn_stream_create(device, &stream); });
  then([&] { return qn_stream_from_native(device, qn_stream_native(stream), &same); });
  then([&] { return qn_event_create(device, &first); });
  then([&] { return qn_event_create(device, &last); });
  then([&] { return qn_buffer_create(device, QN_MEMORY_DEVICE, 36, &packed); });
  then([&] { return qn_buffer_create(device, QN_MEMORY_DEVICE, 128, &weights); });
  then([&] { return qn_buffer_create(device, QN_MEMORY_HOST, 128, &out); });
  then([&] { return qn_event_record(first, stream); });
  then([&] { return qn_copy_to_device(stream, source.data(), qn_buffer_address(packed), 36); });
  then([&] { return qn_stream_wait(same, first); });
  then([&] {
    return qn_dequantize_rows_async(same, QN_FORMAT_Q4_0, qn_buffer_address(packed), 36, 32, rows, 2, QN_FORMAT_F16,
                                    qn_buffer_address(weights), 128);
  });
  then([&] { return qn_copy_on_device(stream, qn_buffer_address(packed), qn_buffer_address(weights), 36); });
  then([&] {
    return qn_copy_to_host(stream, qn_buffer_address(weights),
                           reinterpret_cast<void*>(static_cast<uintptr_t>(qn_buffer_address(out))), 128);
  });
  then([&] { return qn_event_record(last, stream); });
  then([&] { return qn_event_query(last, &done); });
  then([&] { return qn_stream_query(stream, &done); });
  then([&] { return qn_event_synchronize(last); });
  then([&] { return qn_stream_synchronize(stream); });
  then([&] { return qn_event_elapsed(first, last, &time); });
  then([&] {
    return qn_dequantize(device, QN_FORMAT_Q4_0, source.data(), source.size(), QN_FORMAT_F16, result.data(),
                         result.size());
  });
  then([&] {
    return qn_quantize(device, QN_FORMAT_F32, numbers.data(), numbers.size() * sizeof(float), 256, &weighted,
                       QN_FORMAT_Q4_0, result.data(), result.size());
  });
  if (status != QN_OK) error = qn_last_error();
  // In no helpful order.
  qn_device_close(device);
  qn_event_close(last);
  if (stream && status == QN_OK) qn_stream_synchronize(stream);
  qn_stream_close(same);
  qn_stream_close(stream);
  qn_buffer_close(weights);
  qn_buffer_close(out);
  qn_event_close(first);
  qn_buffer_close(packed);
  return status;
}

class CudaFailures : public FakeGpu, public testing::WithParamInterface<Entry> {};

void expect_the_cpu_works() {
  const Device cpu = open_cpu();
  EXPECT_EQ(std::vector<uint8_t>(128), dequantize(cpu.get(), QN_FORMAT_Q8_0, std::vector<uint8_t>(34), QN_FORMAT_F32));
}

TEST_P(CudaFailures, AreReportedAndLeaveNothing) {
  const std::string entry = GetParam().name;
  std::string error;
  for (const CUresult kind : {CUDA_ERROR_OUT_OF_MEMORY, CUDA_ERROR_INVALID_HANDLE, CUDA_ERROR_LAUNCH_FAILED})
    for (int n = 1; n <= 3; n++) {
      const std::string setting = "kernels=scalar fail=" + entry + ":" + std::to_string(n) + ":" + std::to_string(kind);
      SCOPED_TRACE(setting);
      fake_cuda_configure(setting.c_str());
      error.clear();
      const qn_status status = use_everything(error);
      if (status != QN_OK) {
        EXPECT_EQ(std::string::npos, error.find('\n'));
        const char* const name = kind == CUDA_ERROR_OUT_OF_MEMORY    ? "CUDA_ERROR_OUT_OF_MEMORY"
                                 : kind == CUDA_ERROR_INVALID_HANDLE ? "CUDA_ERROR_INVALID_HANDLE"
                                                                     : "CUDA_ERROR_LAUNCH_FAILED";
        EXPECT_NE(std::string::npos, error.find(name)) << error;
        EXPECT_TRUE(status == QN_ERROR_UNAVAILABLE ||
                    status == (kind == CUDA_ERROR_OUT_OF_MEMORY    ? QN_ERROR_OUT_OF_MEMORY
                               : kind == CUDA_ERROR_INVALID_HANDLE ? QN_ERROR_DRIVER
                                                                   : QN_ERROR_DEVICE_LOST))
            << qn_status_name(status) << ": " << error;
      }
      expect_nothing_left();
      expect_the_cpu_works();
      fake_cuda_add("");
      EXPECT_EQ(QN_OK, use_everything(error)) << error;
    }
}

INSTANTIATE_TEST_SUITE_P(, CudaFailures, testing::ValuesIn(kEntries),
                         [](const auto& info) { return std::string(info.param.name); });

class CudaLoss : public FakeGpu {};

TEST_F(CudaLoss, IsReportedFromThenOnAndOthersGoOn) {
  fake_cuda_configure("devices=2");
  Device lost = open_gpu("cuda:0");
  const Device other = open_gpu("cuda:1");
  Stream stream = make_stream(lost);
  Buffer buffer = make_buffer(lost, 256);
  const std::vector<uint8_t> source(34);

  // An address that nobody allocated.
  EXPECT_EQ(QN_OK, qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, 0x1000, 34, QN_FORMAT_F32, address(buffer), 256));
  EXPECT_EQ(QN_ERROR_DEVICE_LOST, qn_stream_synchronize(stream.get()));
  EXPECT_STREQ(
      "cuda:0 is lost: waiting for a stream fails with CUDA_ERROR_ILLEGAL_ADDRESS (as the fake driver was told)",
      qn_last_error());
  fake_cuda_add("");
  std::vector<uint8_t> weights(128);
  qn_stream* none = nullptr;
  EXPECT_EQ(QN_ERROR_DEVICE_LOST, qn_stream_create(lost.get(), &none));
  EXPECT_STREQ("cuda:0 was lost by CUDA_ERROR_ILLEGAL_ADDRESS: close it and all that was made from it",
               qn_last_error());
  EXPECT_EQ(QN_ERROR_DEVICE_LOST,
            qn_dequantize(lost.get(), QN_FORMAT_Q8_0, source.data(), 34, QN_FORMAT_F32, weights.data(), 128));
  EXPECT_EQ(QN_ERROR_DEVICE_LOST, qn_copy_to_device(stream.get(), source.data(), address(buffer), 34));
  EXPECT_EQ(0, fake_cuda_calls("cuStreamCreate")) << "a lost device was asked again";

  EXPECT_EQ(weights, dequantize(other.get(), QN_FORMAT_Q8_0, source, QN_FORMAT_F32));
  expect_the_cpu_works();

  // When everybody has let go of it, it can be opened anew.
  buffer.reset();
  stream.reset();
  lost.reset();
  lost = open_gpu("cuda:0");
  EXPECT_EQ(weights, dequantize(lost.get(), QN_FORMAT_Q8_0, source, QN_FORMAT_F32));
}

// A kernel that fails while chunks are on their way.
TEST_F(CudaLoss, InTheMiddleOfStagingLeavesNothing) {
  for (int n = 1; n <= 5; n++) {
    fake_cuda_configure(("fault=" + std::to_string(n) + ":719").c_str());
    const Device gpu = open_gpu();
    const std::vector<uint8_t> source(34 * 10000);
    std::vector<uint8_t> weights(128 * 10000);
    EXPECT_EQ(n > 4 ? QN_OK : QN_ERROR_DEVICE_LOST,
              qn_dequantize(gpu.get(), QN_FORMAT_Q8_0, source.data(), source.size(), QN_FORMAT_F32, weights.data(),
                            weights.size()))
        << n << qn_last_error();
  }
}

}  // namespace
