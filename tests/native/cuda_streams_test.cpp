// SPDX-License-Identifier: MIT
//
// Streams, events, buffers, copies and asynchronous decoding.
#include <cstring>
#include <thread>

#include "support/fake_gpu.h"

using namespace test;

namespace {

class CudaStreams : public FakeGpu {
 protected:
  void SetUp() override {
    FakeGpu::SetUp();
    if (!IsSkipped()) gpu_ = open_gpu();
  }
  void TearDown() override {
    gpu_.reset();
    FakeGpu::TearDown();
  }
  Device gpu_;
};

// Copies in, decodes and copies out in a stream, and only then waits.
std::vector<uint8_t> decode_in(const Stream& stream, const Device& gpu, qn_format format,
                               const std::vector<uint8_t>& source, qn_format output, size_t size) {
  const Buffer packed = make_buffer(gpu, source.size() + 3), weights = make_buffer(gpu, size);
  const Buffer in = make_buffer(gpu, source.size(), QN_MEMORY_HOST), out = make_buffer(gpu, size, QN_MEMORY_HOST);
  std::memcpy(pinned(in), source.data(), source.size());
  EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), pinned(in), address(packed) + 3, source.size())) << qn_last_error();
  EXPECT_EQ(QN_OK, qn_dequantize_async(stream.get(), format, address(packed) + 3, source.size(), output,
                                       address(weights), size))
      << qn_last_error();
  EXPECT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(weights), pinned(out), size)) << qn_last_error();
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get())) << qn_last_error();
  return {pinned(out), pinned(out) + size};
}

TEST_F(CudaStreams, DecodeEveryFormat) {
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  const Stream stream = make_stream(gpu_);
  for (const qn_format_info& format : formats()) {
    const auto source = Random(seed() + format.format).bytes(format.bytes_per_block * 1001);
    for (const qn_format output : kOutputs) {
      const auto expected = dequantize(cpu.get(), format.format, source, output);
      EXPECT_EQ("",
                difference(expected, decode_in(stream, gpu_, format.format, source, output, expected.size()), output))
          << format.name;
    }
  }
}

TEST_F(CudaStreams, DecodeRows) {
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  const Stream stream = make_stream(gpu_);
  const auto source = Random(seed()).bytes(144 * 2 * 10);
  const std::vector<uint64_t> rows = {3, 4, 5, 9, 0, 0, 1};
  std::vector<uint8_t> expected(rows.size() * 512 * 2), found(expected.size());
  ASSERT_EQ(QN_OK, qn_dequantize_rows(cpu.get(), QN_FORMAT_Q4_K, source.data(), source.size(), 512, rows.data(),
                                      rows.size(), QN_FORMAT_F16, expected.data(), expected.size()));
  const Buffer packed = make_buffer(gpu_, source.size()), weights = make_buffer(gpu_, expected.size());
  ASSERT_EQ(QN_OK, qn_copy_to_device(stream.get(), source.data(), address(packed), source.size()));
  ASSERT_EQ(QN_OK, qn_dequantize_rows_async(stream.get(), QN_FORMAT_Q4_K, address(packed), source.size(), 512,
                                            rows.data(), rows.size(), QN_FORMAT_F16, address(weights), expected.size()))
      << qn_last_error();
  ASSERT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(weights), found.data(), found.size()));
  ASSERT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
  EXPECT_EQ("", difference(expected, found, QN_FORMAT_F16));
  EXPECT_EQ(4, fake_cuda_calls("cuLaunchKernel")) << "3-5, 9, 0, 0-1";
}

TEST_F(CudaStreams, AreOrderedByEvents) {
  const Stream first = make_stream(gpu_), second = make_stream(gpu_);
  const Event start = make_event(gpu_), end = make_event(gpu_);
  const Buffer memory = make_buffer(gpu_, 4), in = make_buffer(gpu_, 4, QN_MEMORY_HOST),
               out = make_buffer(gpu_, 4, QN_MEMORY_HOST), copy = make_buffer(gpu_, 4);
  std::memcpy(pinned(in), "abcd", 4);
  ASSERT_EQ(QN_OK, qn_event_record(start.get(), first.get()));
  ASSERT_EQ(QN_OK, qn_copy_to_device(first.get(), pinned(in), address(memory), 4));
  ASSERT_EQ(QN_OK, qn_event_record(end.get(), first.get()));
  ASSERT_EQ(QN_OK, qn_stream_wait(second.get(), end.get()));
  ASSERT_EQ(QN_OK, qn_copy_on_device(second.get(), address(memory), address(copy), 4));
  ASSERT_EQ(QN_OK, qn_copy_to_host(second.get(), address(copy), pinned(out), 4));

  uint32_t done = 7;
  ASSERT_EQ(QN_OK, qn_event_query(end.get(), &done));
  EXPECT_EQ(0u, done);
  ASSERT_EQ(QN_OK, qn_stream_query(second.get(), &done));
  EXPECT_EQ(0u, done);
  ASSERT_EQ(QN_OK, qn_stream_synchronize(second.get()));
  EXPECT_EQ(0, std::memcmp(pinned(out), "abcd", 4));
  ASSERT_EQ(QN_OK, qn_event_synchronize(end.get()));
  ASSERT_EQ(QN_OK, qn_event_query(end.get(), &done));
  EXPECT_EQ(1u, done);
  ASSERT_EQ(QN_OK, qn_stream_query(first.get(), &done));
  EXPECT_EQ(1u, done);
  float milliseconds = 0;
  ASSERT_EQ(QN_OK, qn_event_elapsed(start.get(), end.get(), &milliseconds));
  EXPECT_GT(milliseconds, 0);
}

TEST_F(CudaStreams, OfOtherEnginesAreUsedAndLeftAlone) {
  const Stream theirs = make_stream(gpu_);
  qn_stream* wrapped = nullptr;
  ASSERT_EQ(QN_OK, qn_stream_from_native(gpu_.get(), qn_stream_native(theirs.get()), &wrapped)) << qn_last_error();
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  const auto source = Random(seed()).bytes(18 * 10);
  const auto expected = dequantize(cpu.get(), QN_FORMAT_Q4_0, source, QN_FORMAT_F32);
  EXPECT_EQ("", difference(expected, decode_in(Stream(wrapped), gpu_, QN_FORMAT_Q4_0, source, QN_FORMAT_F32, 1280),
                           QN_FORMAT_F32));
  EXPECT_EQ(1, fake_cuda_counts().streams);

  ASSERT_EQ(QN_OK, qn_stream_from_native(gpu_.get(), 0, &wrapped)) << qn_last_error();
  EXPECT_EQ("", difference(expected, decode_in(Stream(wrapped), gpu_, QN_FORMAT_Q4_0, source, QN_FORMAT_F32, 1280),
                           QN_FORMAT_F32));
}

TEST_F(CudaStreams, OfAnotherDeviceAreRefused) {
  fake_cuda_add("devices=2");
  const Device other = open_gpu("cuda:1");
  const Stream stream = make_stream(other);
  const Event event = make_event(gpu_);
  qn_stream* wrapped = nullptr;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_from_native(gpu_.get(), qn_stream_native(stream.get()), &wrapped));
  EXPECT_NE(nullptr, std::strstr(qn_last_error(), "is not of the primary context of cuda:0")) << qn_last_error();
  EXPECT_EQ(nullptr, wrapped);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_record(event.get(), stream.get()));
  EXPECT_STREQ("the event is of cuda:0, the stream of cuda:1", qn_last_error());
}

TEST_F(CudaStreams, AllocateNothingForACall) {
  const Stream stream = make_stream(gpu_);
  const Buffer packed = make_buffer(gpu_, 34), weights = make_buffer(gpu_, 128);
  const auto call = [&] {
    return qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, address(packed), 34, QN_FORMAT_F32, address(weights), 128);
  };
  ASSERT_EQ(QN_OK, call());
  fake_cuda_add("");
  for (int i = 0; i < 10; i++)
    ASSERT_EQ(QN_OK, call());
  EXPECT_EQ(10, fake_cuda_calls("cuLaunchKernel"));
  for (const char* entry : {"cuMemAlloc_v2", "cuMemHostAlloc", "cuStreamSynchronize", "cuEventSynchronize",
                            "cuModuleLoadDataEx", "cuModuleGetFunction"})
    EXPECT_EQ(0, fake_cuda_calls(entry)) << entry;
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
}

TEST_F(CudaStreams, CheckTheirArguments) {
  const Device cpu = open_cpu();
  const Stream stream = make_stream(gpu_);
  const Event event = make_event(gpu_);
  const Buffer buffer = make_buffer(gpu_, 4096);
  qn_stream* new_stream = nullptr;
  qn_event* new_event = nullptr;
  qn_buffer* new_buffer = nullptr;
  uint32_t done;
  uint64_t bytes;
  float time;
  const uint64_t row = 1;
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_stream_create(cpu.get(), &new_stream));
  EXPECT_STREQ("the device is the CPU, which has no streams and no memory of its own", qn_last_error());
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_stream_from_native(cpu.get(), 0, &new_stream));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_event_create(cpu.get(), &new_event));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_buffer_create(cpu.get(), QN_MEMORY_DEVICE, 1, &new_buffer));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_device_memory(cpu.get(), &bytes, &bytes));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, qn_dequantize_to_device(cpu.get(), QN_FORMAT_F32, &row, 8, QN_FORMAT_F32, 1, 8));

  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_create(nullptr, &new_stream));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_create(gpu_.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_from_native(gpu_.get(), 0, nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_create(gpu_.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_buffer_create(gpu_.get(), QN_MEMORY_DEVICE, 1, nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_buffer_create(gpu_.get(), static_cast<qn_memory>(9), 1, &new_buffer));
  EXPECT_EQ(QN_ERROR_SIZE, qn_buffer_create(gpu_.get(), QN_MEMORY_HOST, 0, &new_buffer));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_synchronize(nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_query(nullptr, &done));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_query(stream.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_wait(stream.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_stream_wait(nullptr, event.get()));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_record(event.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_record(nullptr, stream.get()));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_synchronize(nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_query(event.get(), nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_elapsed(event.get(), nullptr, &time));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_event_elapsed(event.get(), event.get(), nullptr));
  EXPECT_EQ(QN_ERROR_DRIVER, qn_event_elapsed(event.get(), event.get(), &time)) << "neither was recorded";
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_copy_to_device(nullptr, "a", address(buffer), 1));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_copy_to_device(stream.get(), nullptr, address(buffer), 1));
  EXPECT_STREQ("source is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_copy_to_host(stream.get(), address(buffer), nullptr, 1));
  EXPECT_STREQ("destination is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_copy_on_device(stream.get(), address(buffer), 0, 1));
  EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), nullptr, 0, 0));

  const uint64_t at = address(buffer);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_async(nullptr, QN_FORMAT_Q8_0, at, 34, QN_FORMAT_F32, at + 256, 128));
  EXPECT_EQ(QN_ERROR_SIZE, qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, at, 33, QN_FORMAT_F32, at + 256, 128));
  EXPECT_EQ(QN_ERROR_SIZE, qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, at, 34, QN_FORMAT_F32, at + 256, 127));
  EXPECT_EQ(QN_ERROR_UNSUPPORTED,
            qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, at, 34, QN_FORMAT_I8, at + 256, 128));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, at, 34, QN_FORMAT_F32, at + 30, 128));
  EXPECT_STREQ("source and destination overlap", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, 0, 34, QN_FORMAT_F32, at, 128));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_rows_async(stream.get(), QN_FORMAT_Q8_0, at, 34, 32, &row, 1, QN_FORMAT_F32, at + 256, 128));
  EXPECT_STREQ("rows[0] is 1, expected less than 1", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_rows_async(nullptr, QN_FORMAT_Q8_0, at, 34, 32, &row, 1, QN_FORMAT_F32, at + 256, 128));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
            qn_dequantize_to_device(nullptr, QN_FORMAT_Q8_0, &row, 34, QN_FORMAT_F32, at, 128));

  EXPECT_EQ(0u, qn_stream_native(nullptr));
  EXPECT_EQ(0u, qn_buffer_address(nullptr));
  EXPECT_EQ(0u, qn_buffer_size(nullptr));
  EXPECT_EQ(4096u, qn_buffer_size(buffer.get()));
  qn_stream_close(nullptr);
  qn_event_close(nullptr);
  qn_buffer_close(nullptr);
  EXPECT_EQ(0, fake_cuda_calls("cuLaunchKernel"));
}

TEST_F(CudaStreams, SayHowMuchMemoryIsMissing) {
  uint64_t free = 0, total = 0;
  ASSERT_EQ(QN_OK, qn_device_memory(gpu_.get(), &free, &total));
  EXPECT_EQ(uint64_t{1} << 30, total);
  EXPECT_EQ(total, free);
  const Buffer buffer = make_buffer(gpu_, 1000);
  qn_buffer* more = nullptr;
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, qn_buffer_create(gpu_.get(), QN_MEMORY_DEVICE, size_t{1} << 30, &more));
  EXPECT_EQ(nullptr, more);
  EXPECT_STREQ(
      "cuda:0: no memory for a buffer of 1073741824 bytes (CUDA_ERROR_OUT_OF_MEMORY); 1073740824 of 1073741824 bytes "
      "of "
      "the GPU are free",
      qn_last_error());
}

// Many threads on one device, each with its stream, all loading formats at the same time.
TEST_F(CudaStreams, OfManyThreadsGoOnTogether) {
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 6; caller++)
    callers.emplace_back([&, caller] {
      const Device cpu = open_cpu(QN_ISA_SCALAR);
      const Stream stream = make_stream(gpu_);
      for (size_t i = 0; i < (short_mode() ? 8u : qn_format_count()); i++) {
        const qn_format_info format = formats()[(i + caller / 2) % qn_format_count()];
        const auto source = Random(seed() + caller).bytes(format.bytes_per_block * 50);
        const auto expected = dequantize(cpu.get(), format.format, source, QN_FORMAT_F16);
        ASSERT_EQ("",
                  difference(expected, decode_in(stream, gpu_, format.format, source, QN_FORMAT_F16, expected.size()),
                             QN_FORMAT_F16));
      }
    });
  for (std::thread& caller : callers)
    caller.join();
  if (!short_mode()) {
    EXPECT_EQ(static_cast<int>(qn_format_count()), fake_cuda_calls("cuModuleLoadDataEx"));
  }
}

}  // namespace
