// SPDX-License-Identifier: MIT
//
// Encoding on a GPU, by the fake driver: the CPU's bytes, in however many chunks, and between addresses of the GPU.
#include "support/encoding.h"
#include "support/fake_gpu.h"

using namespace test;

namespace {

qn_capability capability_of(const Device& device, qn_format input, qn_format format) {
  qn_capability capability{};
  capability.struct_size = sizeof capability;
  EXPECT_EQ(QN_OK, qn_device_capability(device.get(), QN_OPERATION_QUANTIZE, input, format, &capability));
  return capability;
}

class CudaEncoding : public FakeGpu {};
class CudaEncodingOfEachFormat : public FakeGpu, public testing::WithParamInterface<qn_format_info> {};

// The least memory is two slots of 512 KiB.
TEST_P(CudaEncodingOfEachFormat, GivesTheBytesOfTheCpuInChunks) {
  constexpr uint64_t kColumns = 2048, kRows = 100;
  const qn_format_info& format = GetParam();
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const auto numbers = bytes_of(random_numbers(kColumns * kRows, format.format));
  for (const auto& importance : {std::vector<uint8_t>(), importance_of(kColumns)})
    for (const qn_format input : kOutputs) {
      const qn_capability capability = capability_of(gpu, input, format.format);
      if (!capability.supported) continue;
      const auto source = in_format(numbers, input);
      const auto expected = quantize(cpu.get(), input, source, kColumns, importance, format);
      const int before = fake_cuda_calls("cuLaunchKernel");
      EXPECT_EQ("",
                first_difference(expected, quantize(gpu.get(), input, source, kColumns, importance, format), format))
          << input << (importance.empty() ? "" : ", weighted");
      EXPECT_STREQ(capability.kernel, qn_last_kernel());
      EXPECT_GE(fake_cuda_calls("cuLaunchKernel") - before, input == QN_FORMAT_F32 ? 2 : 1);
    }
}

TEST_P(CudaEncodingOfEachFormat, IsDoneOrRefusedByName) {
  const Device gpu = open_gpu();
  const qn_format_info& format = GetParam();
  const std::vector<float> numbers(format.values_per_block, 1);
  std::vector<uint8_t> packed(format.bytes_per_block);
  const auto try_it = [&](qn_device* device) {
    const auto importance = importance_of(256);
    auto options = quantize_options(importance);
    options.importance_size = numbers.size() * sizeof(float);
    return qn_quantize(device, QN_FORMAT_F32, numbers.data(), numbers.size() * sizeof(float), numbers.size(), &options,
                       format.format, packed.data(), packed.size());
  };
  if (format.values_per_block == 1 && format.format != QN_FORMAT_F32 && format.format != QN_FORMAT_F16 &&
      format.format != QN_FORMAT_BF16) {
    EXPECT_EQ(0u, capability_of(gpu, QN_FORMAT_F32, format.format).supported);
    return;
  }
  if (capability_of(gpu, QN_FORMAT_F32, format.format).supported) {
    EXPECT_EQ(0, std::strncmp("sm_", capability_of(gpu, QN_FORMAT_F32, format.format).kernel, 3));
    EXPECT_EQ(0u, capability_of(gpu, QN_FORMAT_Q8_0, format.format).supported);
    return;
  }
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, try_it(gpu.get()));
  const std::string on_gpus =
      std::string("a GPU cannot encode into ") + format.name + ", open the device \"cpu\" for it";
  const std::string nowhere = std::string("there is no encoder for ") + format.name;
  const bool cpu_can = capability_of(open_cpu(), QN_FORMAT_F32, format.format).supported;
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, try_it(gpu.get()));
  EXPECT_EQ(cpu_can ? on_gpus : nowhere, qn_last_error());
}

INSTANTIATE_TEST_SUITE_P(, CudaEncodingOfEachFormat, testing::ValuesIn(formats()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(CudaEncoding, FindsTheFirstNumberThatIsNotFinite) {
  constexpr uint64_t kColumns = 1024, kRows = 300;
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const qn_format_info format = format_info(QN_FORMAT_Q8_0);
  auto values = random_numbers(kColumns * kRows, 1);
  values[200 * kColumns + 7] = INFINITY;
  values[299 * kColumns] = NAN;
  const auto source = bytes_of(values);
  std::vector<uint8_t> packed(kColumns * kRows / 32 * 34);
  EXPECT_EQ(QN_ERROR_NOT_FINITE, qn_quantize(gpu.get(), QN_FORMAT_F32, source.data(), source.size(), kColumns, nullptr,
                                             QN_FORMAT_Q8_0, packed.data(), packed.size()));
  EXPECT_STREQ("source is infinite at row 200, column 7, expected a finite number", qn_last_error());
  EXPECT_EQ("",
            first_difference(
                quantize(cpu.get(), QN_FORMAT_F32, source, kColumns, {}, format, QN_QUANTIZE_ALLOW_NONFINITE),
                quantize(gpu.get(), QN_FORMAT_F32, source, kColumns, {}, format, QN_QUANTIZE_ALLOW_NONFINITE), format));
}

TEST_F(CudaEncoding, DoesNotSearchLonger) {
  const Device gpu = open_gpu();
  const std::vector<float> numbers(256, 1);
  const auto try_it = [&](qn_format format) {
    const qn_format_info info = format_info(format);
    std::vector<uint8_t> packed(numbers.size() / info.values_per_block * info.bytes_per_block);
    const auto options = quantize_options({}, QN_QUANTIZE_BEST);
    return qn_quantize(gpu.get(), QN_FORMAT_F32, numbers.data(), numbers.size() * sizeof(float), numbers.size(),
                       &options, format, packed.data(), packed.size());
  };
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, try_it(QN_FORMAT_Q4_K));
  EXPECT_STREQ("a GPU cannot search longer for Q4_K, open the device \"cpu\" for QN_QUANTIZE_BEST", qn_last_error());
  EXPECT_EQ(QN_OK, try_it(QN_FORMAT_Q4_0)) << "which has no longer search";
}

// Rows that are weighed as a whole have to fit; others are cut anywhere.
TEST_F(CudaEncoding, SaysWhenARowIsTooLong) {
  constexpr uint64_t kColumns = 128 * 1024;
  const Device cpu = open_cpu(QN_ISA_SCALAR), gpu = open_gpu();
  const auto source = bytes_of(random_numbers(2 * kColumns, 1)), importance = importance_of(kColumns);
  const qn_format_info format = format_info(QN_FORMAT_Q4_K);
  EXPECT_EQ("", first_difference(quantize(cpu.get(), QN_FORMAT_F32, source, kColumns, importance, format),
                                 quantize(gpu.get(), QN_FORMAT_F32, source, kColumns, importance, format), format));
  const auto options = quantize_options(importance);
  std::vector<uint8_t> packed(2 * kColumns / 32 * 18);
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, qn_quantize(gpu.get(), QN_FORMAT_F32, source.data(), source.size(), kColumns,
                                                &options, QN_FORMAT_Q4_0, packed.data(), packed.size()));
  EXPECT_STREQ(
      "cuda:0: a row of 131072 values is weighed as a whole and needs 1197056 bytes of staging, where 1048576 are the "
      "limit",
      qn_last_error());
  const Device larger = open_gpu("cuda:0", 2 << 20);
  const qn_format_info q4_0 = format_info(QN_FORMAT_Q4_0);
  EXPECT_EQ("", first_difference(quantize(cpu.get(), QN_FORMAT_F32, source, kColumns, importance, q4_0),
                                 quantize(larger.get(), QN_FORMAT_F32, source, kColumns, importance, q4_0), q4_0));
}

TEST_F(CudaEncoding, NeedsRoomForImportance) {
  constexpr uint64_t kColumns = 512 * 1024;
  fake_cuda_configure("memory=3000000");
  const Device gpu = open_gpu("cuda:0", 3000000);
  const auto source = std::vector<uint8_t>(kColumns * 4), importance = importance_of(kColumns);
  const auto options = quantize_options(importance);
  std::vector<uint8_t> packed(kColumns / 256 * 144);
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, qn_quantize(gpu.get(), QN_FORMAT_F32, source.data(), source.size(), kColumns,
                                                &options, QN_FORMAT_Q4_K, packed.data(), packed.size()));
  EXPECT_STREQ(
      "cuda:0: importance needs 2097152 bytes of the GPU, and 1048576 for staging; 3000000 of 3000000 bytes are free",
      qn_last_error());
}

// Numbers, importance and blocks on the GPU.
class CudaEncodingThere : public FakeGpu {
 protected:
  static constexpr uint64_t kColumns = 512, kRows = 20;

  void SetUp() override {
    FakeGpu::SetUp();
    if (IsSkipped()) return;
    gpu_ = open_gpu();
    stream_ = make_stream(gpu_);
    numbers_ = make_buffer(gpu_, kColumns * kRows * 4);
    importance_ = make_buffer(gpu_, kColumns * 4);
    nonfinite_ = make_buffer(gpu_, 8);
    packed_ = make_buffer(gpu_, kColumns * kRows * 4);
  }
  void TearDown() override {
    packed_.reset(), nonfinite_.reset(), importance_.reset(), numbers_.reset(), stream_.reset(), gpu_.reset();
    FakeGpu::TearDown();
  }

  void send(const Buffer& buffer, const void* bytes, size_t size) {
    ASSERT_EQ(QN_OK, qn_copy_to_device(stream_.get(), bytes, address(buffer), size)) << qn_last_error();
  }
  std::vector<uint8_t> fetch(const Buffer& buffer, size_t size) {
    std::vector<uint8_t> bytes(size);
    EXPECT_EQ(QN_OK, qn_copy_to_host(stream_.get(), address(buffer), bytes.data(), size));
    EXPECT_EQ(QN_OK, qn_stream_synchronize(stream_.get())) << qn_last_error();
    return bytes;
  }
  qn_status queue(qn_format input, size_t source_size, qn_format format, uint64_t importance, uint64_t nonfinite,
                  size_t destination_size = kColumns * kRows * 4) {
    return qn_quantize_async(stream_.get(), input, address(numbers_), source_size, kColumns, importance, nonfinite,
                             format, address(packed_), destination_size);
  }

  Device gpu_;
  Stream stream_;
  Buffer numbers_, importance_, nonfinite_, packed_;
};

TEST_F(CudaEncodingThere, GivesTheBytesOfTheCpu) {
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  const auto importance = importance_of(kColumns);
  for (const qn_format to : {QN_FORMAT_F16, QN_FORMAT_Q4_0, QN_FORMAT_Q6_K})
    for (const qn_format input : {QN_FORMAT_F32, QN_FORMAT_BF16}) {
      auto values = random_numbers(kColumns * kRows, to);
      values[3 * kColumns + 5] = NAN;
      const auto source = in_format(bytes_of(values), input);
      const qn_format_info format = format_info(to);
      const auto expected =
          quantize(cpu.get(), input, source, kColumns, importance, format, QN_QUANTIZE_ALLOW_NONFINITE);
      const uint64_t none = UINT64_MAX;
      send(numbers_, source.data(), source.size());
      send(importance_, importance.data(), importance.size());
      send(nonfinite_, &none, sizeof none);
      ASSERT_EQ(QN_OK, queue(input, source.size(), to, address(importance_), address(nonfinite_))) << qn_last_error();
      EXPECT_STREQ(capability_of(gpu_, input, to).kernel, qn_last_kernel());
      EXPECT_EQ("", first_difference(expected, fetch(packed_, expected.size()), format));
      uint64_t place = 0;
      std::memcpy(&place, fetch(nonfinite_, 8).data(), 8);
      EXPECT_EQ(3 * kColumns + 5, place);
      ASSERT_EQ(QN_OK, queue(input, source.size(), to, 0, 0)) << qn_last_error();
      EXPECT_EQ("",
                first_difference(quantize(cpu.get(), input, source, kColumns, {}, format, QN_QUANTIZE_ALLOW_NONFINITE),
                                 fetch(packed_, expected.size()), format));
    }
}

TEST_F(CudaEncodingThere, ChecksItsArguments) {
  constexpr size_t kSize = kColumns * kRows * 4;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_quantize_async(nullptr, QN_FORMAT_F32, address(numbers_), kSize, kColumns, 0,
                                                         0, QN_FORMAT_Q8_0, address(packed_), kSize));
  EXPECT_STREQ("stream is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, queue(QN_FORMAT_Q8_0, kSize, QN_FORMAT_Q8_0, 0, 0));
  EXPECT_EQ(QN_ERROR_SIZE, queue(QN_FORMAT_F32, kSize - 4, QN_FORMAT_Q8_0, 0, 0));
  EXPECT_EQ(QN_ERROR_SIZE, queue(QN_FORMAT_F32, kSize, QN_FORMAT_Q8_0, 0, 0, 10));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, queue(QN_FORMAT_F32, kSize, QN_FORMAT_Q8_0, 0x1002, 0));
  EXPECT_STREQ("importance is at 0x1002, expected a multiple of 4", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, queue(QN_FORMAT_F32, kSize, QN_FORMAT_Q8_0, 0, 0x1004));
  EXPECT_STREQ("first_nonfinite is at 0x1004, expected a multiple of 8", qn_last_error());
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, queue(QN_FORMAT_F32, kSize, QN_FORMAT_I8, 0, 0));
  EXPECT_STREQ("there is no encoder for I8", qn_last_error());
  EXPECT_EQ(QN_OK, queue(QN_FORMAT_F32, 0, QN_FORMAT_Q8_0, 0, 0));
}

}  // namespace
