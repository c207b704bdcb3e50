// SPDX-License-Identifier: MIT
//
// The kernels on a GPU: they must give the CPU's bits, wherever the work begins and ends, whoever asks for it.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "cuda/launch.h"
#include "support/answers.h"
#include "support/reference.h"
#include "under_test.h"

using namespace test;

namespace {

constexpr const char* kOutputNames[] = {"f32", "f16", "bf16"};
constexpr uint8_t kUntouched = 0xa5;
constexpr size_t kAround = 16;  // bytes before and behind the results that must stay as they are

// Decodes on the GPU, at addresses so many bytes past a multiple of 256, and brings back the results with what lies
// around them.
std::vector<uint8_t> decode_between(const Device& gpu, const qn_format_info& format, const std::vector<uint8_t>& source,
                                    qn_format output, size_t source_past, size_t destination_past) {
  const size_t size = source.size() / format.bytes_per_block * format.values_per_block * output_size(output);
  const size_t before = kAround + destination_past;
  std::vector<uint8_t> results(before + size + kAround, kUntouched);
  const Stream stream = make_stream(gpu);
  // What lies around the source is written too: kernels may read whole words, and compute-sanitizer asks who wrote
  // them.
  std::vector<uint8_t> all(source_past + source.size() + kAround, kUntouched);
  std::copy(source.begin(), source.end(), all.begin() + static_cast<ptrdiff_t>(source_past));
  const Buffer packed = make_buffer(gpu, all.size()), weights = make_buffer(gpu, results.size());
  EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), results.data(), address(weights), results.size()));
  EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), all.data(), address(packed), all.size()));
  EXPECT_EQ(QN_OK, qn_dequantize_async(stream.get(), format.format, address(packed) + source_past, source.size(),
                                       output, address(weights) + before, size))
      << qn_last_error();
  EXPECT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(weights), results.data(), results.size()));
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get())) << qn_last_error();
  const auto untouched = [](uint8_t byte) { return byte == kUntouched; };
  EXPECT_TRUE(std::all_of(results.begin(), results.begin() + static_cast<ptrdiff_t>(before), untouched) &&
              std::all_of(results.end() - kAround, results.end(), untouched))
      << "bytes outside of the results were written";
  return {results.begin() + static_cast<ptrdiff_t>(before), results.end() - kAround};
}

std::vector<uint8_t> random_blocks(const qn_format_info& format, size_t blocks, uint64_t salt = 0) {
  return Random(seed() + format.format + salt).bytes(blocks * format.bytes_per_block);
}

using FormatAndOutput = std::tuple<qn_format_info, int>;

class Gpu : public OnGpu, public testing::WithParamInterface<FormatAndOutput> {
 protected:
  const qn_format_info& format() const { return std::get<0>(GetParam()); }
  qn_format output() const { return kOutputs[std::get<1>(GetParam())]; }
  size_t tile() const { return qn::cuda::launch_of(format().values_per_block).tile; }

  void expect_cpu_bits(size_t blocks, size_t source_past = 0, size_t destination_past = 0) const {
    const Device cpu = open_cpu();
    const auto source = random_blocks(format(), blocks, blocks);
    EXPECT_EQ("", difference(dequantize(cpu.get(), format().format, source, output()),
                             decode_between(gpu_, format(), source, output(), source_past, destination_past), output()))
        << blocks << " blocks, source " << source_past << " and destination " << destination_past
        << " bytes past alignment, " << qn_last_kernel();
  }

  // run.sh reads which image each result comes from.
  void TearDown() override {
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    if (gpu_ &&
        qn_device_capability(gpu_.get(), QN_OPERATION_DEQUANTIZE, format().format, output(), &capability) == QN_OK)
      std::printf("image %s\n", capability.kernel);
  }
};

TEST_P(Gpu, EqualsTheKnownAnswers) {
  for (const Answers& answers : answers_for(format())) {
    ASSERT_FALSE(answers.source.empty()) << "no known answers for " << format().name;
    EXPECT_EQ("", difference(in_format(answers.weights, output()),
                             decode_between(gpu_, format(), answers.source, output(), 0, 0), output()));
  }
}

TEST_P(Gpu, EndsWhereTheWorkEnds) {
  for (const size_t blocks :
       {size_t{1}, size_t{2}, tile() - 1, tile(), tile() + 1, 3 * tile() + 5, short_mode() ? 7 : 1000 * tile() + 7})
    if (blocks > 0) expect_cpu_bits(blocks);
}

TEST_P(Gpu, TakesSourcesAndDestinationsAnywhere) {
  for (size_t past = 1; past < 16; past += short_mode() ? 7 : 1) {
    expect_cpu_bits(tile() + 1, past, 0);
    expect_cpu_bits(past % 3 + 1, 0, past);
    expect_cpu_bits(tile() + 1, past, 16 - past);
  }
}

TEST_P(Gpu, GivesTheBitsOfTheCpuThroughPinnedMemory) {
  const Device cpu = open_cpu();
  // Several chunks of the least memory.
  const size_t ratio = 1 + format().values_per_block * 4 / format().bytes_per_block;
  const auto source =
      random_blocks(format(), (short_mode() ? 1 : 5) * (512 * 1024 / ratio) / format().bytes_per_block + 1);
  EXPECT_EQ("", difference(dequantize(cpu.get(), format().format, source, output()),
                           dequantize(gpu_.get(), format().format, source, output()), output()));
}

std::string name_of_kernel(const testing::TestParamInfo<FormatAndOutput>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + kOutputNames[std::get<1>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(, Gpu, testing::Combine(testing::ValuesIn(formats()), testing::Values(0, 1, 2)),
                         name_of_kernel);

class GpuWork : public OnGpu {};

TEST_F(GpuWork, DecodesRowsOfAList) {
  const Device cpu = open_cpu();
  const qn_format_info format = format_info(QN_FORMAT_Q6_K);
  constexpr uint64_t kRowBlocks = 7, kRows = 100;
  const auto source = random_blocks(format, kRowBlocks * kRows);
  std::vector<uint64_t> rows;
  for (uint64_t i = 0; i < 200; i++)
    rows.push_back(i % 3 ? (i * 37) % kRows : i / 2 % kRows);
  std::vector<uint8_t> expected(rows.size() * kRowBlocks * 1024), found(expected.size());
  for (const auto& [device, weights] : {std::pair(cpu.get(), &expected), std::pair(gpu_.get(), &found)})
    ASSERT_EQ(QN_OK, qn_dequantize_rows(device, QN_FORMAT_Q6_K, source.data(), source.size(), kRowBlocks * 256,
                                        rows.data(), rows.size(), QN_FORMAT_F32, weights->data(), weights->size()))
        << qn_last_error();
  EXPECT_EQ("", difference(expected, found, QN_FORMAT_F32));
}

// Counts of 64 bits: more than 4 GiB of weights, of which the last are looked at.
TEST_F(GpuWork, GoesBeyondFourGigabytes) {
  const qn_format_info format = format_info(QN_FORMAT_Q8_0);
  constexpr uint64_t kBlocks = (uint64_t{1} << 25) + 3;
  const uint64_t packed_size = kBlocks * format.bytes_per_block, weights_size = kBlocks * 32 * 4;
  uint64_t free = 0;
  ASSERT_EQ(QN_OK, qn_device_memory(gpu_.get(), &free, nullptr));
  if (free < packed_size + weights_size + (uint64_t{256} << 20))
    GTEST_SKIP() << "needed are " << packed_size + weights_size << " bytes of the GPU, free are " << free;
  const Stream stream = make_stream(gpu_);
  const Buffer packed = make_buffer(gpu_, packed_size), weights = make_buffer(gpu_, weights_size);
  const auto last = random_blocks(format, 1000);
  ASSERT_EQ(QN_OK,
            qn_copy_to_device(stream.get(), last.data(), address(packed) + packed_size - last.size(), last.size()));
  ASSERT_EQ(QN_OK, qn_dequantize_async(stream.get(), QN_FORMAT_Q8_0, address(packed), packed_size, QN_FORMAT_F32,
                                       address(weights), weights_size))
      << qn_last_error();
  std::vector<uint8_t> found(1000 * 128);
  ASSERT_EQ(QN_OK,
            qn_copy_to_host(stream.get(), address(weights) + weights_size - found.size(), found.data(), found.size()));
  ASSERT_EQ(QN_OK, qn_stream_synchronize(stream.get())) << qn_last_error();
  const Device cpu = open_cpu();
  EXPECT_EQ("", difference(dequantize(cpu.get(), QN_FORMAT_Q8_0, last, QN_FORMAT_F32), found, QN_FORMAT_F32));
}

TEST_F(GpuWork, OfManyThreadsGoesOnTogether) {
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 8; caller++)
    callers.emplace_back([&, caller] {
      const Device cpu = open_cpu();
      for (size_t i = 0; i < (short_mode() ? 4u : qn_format_count()); i++) {
        const qn_format_info format = formats()[(i + caller / 2) % qn_format_count()];
        const auto source = random_blocks(format, 500, caller);
        EXPECT_EQ("", difference(dequantize(cpu.get(), format.format, source, QN_FORMAT_F16),
                                 decode_between(gpu_, format, source, QN_FORMAT_F16, 3, 0), QN_FORMAT_F16))
            << format.name;
      }
    });
  for (std::thread& caller : callers)
    caller.join();
}

TEST_F(GpuWork, ThatNeedsTooMuchMemorySaysHowMuch) {
  uint64_t total = 0;
  ASSERT_EQ(QN_OK, qn_device_memory(gpu_.get(), nullptr, &total));
  qn_buffer* buffer = nullptr;
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, qn_buffer_create(gpu_.get(), QN_MEMORY_DEVICE, total + 1, &buffer));
  EXPECT_NE(nullptr, std::strstr(qn_last_error(), std::to_string(total + 1).c_str())) << qn_last_error();
  EXPECT_NE(nullptr, std::strstr(qn_last_error(), "bytes of the GPU are free")) << qn_last_error();
}

}  // namespace
