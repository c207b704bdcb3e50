// SPDX-License-Identifier: MIT
//
// Encoding on a GPU: it must give the CPU's bytes, from host to host and from GPU to GPU, also of subnormal numbers,
// which must not be flushed to zero.
#include <cstdio>

#include "cuda/encoders.h"
#include "support/encoding.h"
#include "under_test.h"

using namespace test;

namespace {

struct Encoder {
  const char* name;
  qn_format format;
};
constexpr Encoder kAll[] = {
#define QN_ENCODER(name) {#name, QN_FORMAT_##name},
    QN_GPU_ENCODERS(QN_ENCODER)
#undef QN_ENCODER
};

class GpuEncoders : public OnGpu, public testing::WithParamInterface<Encoder> {
 protected:
  qn_format_info format() const { return format_info(GetParam().format); }

  // Numbers, importance and blocks on the GPU, the numbers and blocks so many bytes past a multiple of 256.
  std::vector<uint8_t> quantize_there(qn_format input, const std::vector<uint8_t>& source, uint64_t columns,
                                      const std::vector<uint8_t>& importance, size_t past, uint64_t& nonfinite) const {
    const size_t values = source.size() / output_size(input);
    std::vector<uint8_t> packed(values / format().values_per_block * format().bytes_per_block);
    const Stream stream = make_stream(gpu_);
    const Buffer numbers = make_buffer(gpu_, source.size() + past), blocks = make_buffer(gpu_, packed.size() + past),
                 weights = make_buffer(gpu_, columns * sizeof(float)), place = make_buffer(gpu_, sizeof nonfinite);
    nonfinite = UINT64_MAX;
    EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), source.data(), address(numbers) + past, source.size()));
    EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), importance.data(), address(weights), importance.size()));
    EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), &nonfinite, address(place), sizeof nonfinite));
    EXPECT_EQ(QN_OK, qn_quantize_async(stream.get(), input, address(numbers) + past, source.size(), columns,
                                       importance.empty() ? 0 : address(weights), address(place), format().format,
                                       address(blocks) + past, packed.size()))
        << qn_last_error();
    EXPECT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(blocks) + past, packed.data(), packed.size()));
    EXPECT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(place), &nonfinite, sizeof nonfinite));
    EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get())) << qn_last_error();
    return packed;
  }

  void expect_cpu_bytes(qn_format input, const std::vector<uint8_t>& source, uint64_t columns,
                        const std::vector<uint8_t>& importance, size_t past) const {
    const Device cpu = open_cpu();
    const auto expected = quantize(cpu.get(), input, source, columns, importance, format());
    uint64_t nonfinite = 0;
    EXPECT_EQ("",
              first_difference(expected, quantize_there(input, source, columns, importance, past, nonfinite), format()))
        << qn_last_kernel() << (importance.empty() ? "" : ", weighted") << ", " << past << " bytes past alignment";
    EXPECT_EQ(UINT64_MAX, nonfinite);
    EXPECT_EQ("",
              first_difference(expected, quantize(gpu_.get(), input, source, columns, importance, format()), format()))
        << qn_last_kernel() << (importance.empty() ? "" : ", weighted") << ", from host to host";
  }

  // run.sh reads which image each result comes from.
  void TearDown() override {
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    if (gpu_ &&
        qn_device_capability(gpu_.get(), QN_OPERATION_QUANTIZE, QN_FORMAT_F32, GetParam().format, &capability) == QN_OK)
      std::printf("image %s\n", capability.kernel);
  }
};

TEST_P(GpuEncoders, GiveTheBytesOfTheCpu) {
  constexpr uint64_t kColumns = 2304;
  const uint64_t rows = short_mode() ? 5 : 2000;
  const auto numbers = bytes_of(random_numbers(kColumns * rows, GetParam().format));
  for (const qn_format input : kOutputs)
    for (const auto& importance : {std::vector<uint8_t>(), importance_of(kColumns)})
      expect_cpu_bytes(input, in_format(numbers, input), kColumns, importance, input == QN_FORMAT_F16 ? 3 : 0);
}

TEST_P(GpuEncoders, KeepSubnormalNumbers) {
  auto values = random_numbers(256 * 64, 1);
  for (float& value : values)
    value *= 1e-38f;
  expect_cpu_bytes(QN_FORMAT_F32, bytes_of(values), 256, {}, 0);
}

TEST_P(GpuEncoders, FindTheFirstNumberThatIsNotFinite) {
  auto values = random_numbers(256 * 1000, 1);
  values[700 * 256 + 3] = INFINITY;
  values[900 * 256] = NAN;
  uint64_t nonfinite = 0;
  quantize_there(QN_FORMAT_F32, bytes_of(values), 256, {}, 0, nonfinite);
  EXPECT_EQ(700u * 256 + 3, nonfinite);
}

INSTANTIATE_TEST_SUITE_P(, GpuEncoders, testing::ValuesIn(kAll),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
