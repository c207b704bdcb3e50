// SPDX-License-Identifier: MIT
//
// Packed matrices on a GPU: every layout, in both orders, to every type must give the CPU's bits, from host to host and
// where the arrays are on the GPU.
#include <cstdio>
#include <cstring>

#include "support/on_gpu_matrix.h"
#include "support/random_arrays.h"
#include "support/reference.h"
#include "under_test.h"

using namespace test;

namespace {

constexpr qn_order kOrders[] = {QN_ORDER_ROWS, QN_ORDER_COLUMNS};

// Lines of a matrix: all of them, or a part that begins anywhere.
struct Lines {
  uint64_t first, count, length;

  Lines(const qn_matrix& view, qn_order order, bool all, Random& random) {
    const uint64_t lines = order == QN_ORDER_ROWS ? view.rows : view.columns;
    length = order == QN_ORDER_ROWS ? view.columns : view.rows;
    first = all ? 0 : random.next() % lines;
    count = all ? lines : 1 + random.next() % (lines - first);
  }
};

std::vector<uint8_t> decode(const Device& device, const qn_matrix& view, qn_order order, const Lines& lines,
                            qn_format output) {
  std::vector<uint8_t> results(lines.count * lines.length * output_size(output));
  EXPECT_EQ(QN_OK, qn_dequantize_matrix(device.get(), &view, order, lines.first, lines.count, output, results.data(),
                                        results.size()))
      << qn_last_error();
  return results;
}

std::vector<uint8_t> decode_there(const Device& gpu, const Stream& stream, const qn_matrix& there, qn_order order,
                                  const Lines& lines, qn_format output) {
  std::vector<uint8_t> results(lines.count * lines.length * output_size(output));
  const Buffer buffer = make_buffer(gpu, results.size());
  EXPECT_EQ(QN_OK, qn_dequantize_matrix_async(stream.get(), &there, order, lines.first, lines.count, output,
                                              address(buffer), results.size()))
      << qn_last_error();
  EXPECT_EQ(QN_OK, qn_copy_to_host(stream.get(), address(buffer), results.data(), results.size()));
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get())) << qn_last_error();
  return results;
}

class GpuMatrices : public OnGpu, public testing::WithParamInterface<qn_matrix_layout_info> {
 protected:
  // For run.sh, which reads which image each result comes from.
  void TearDown() override {
    if (gpu_) std::printf("image %s\n", qn_last_kernel());
  }
};

TEST_P(GpuMatrices, HaveTheBitsOfTheCpu) {
  const Device cpu = open_cpu();
  const Stream stream = make_stream(gpu_);
  Random random(seed() + GetParam().layout);
  for (int round = 0; round < (short_mode() ? 6 : 40); round++) {
    const RandomArrays arrays(GetParam().layout, random);
    const OnGpuMatrix there(gpu_, stream, arrays.view);
    for (const qn_order order : kOrders) {
      const Lines lines(arrays.view, order, round % 2 == 0, random);
      for (const qn_format output : kOutputs) {
        const auto expected = decode(cpu, arrays.view, order, lines, output);
        const auto described = [&] {
          return std::string(qn_last_kernel()) + ", " + std::to_string(arrays.view.rows) + " x " +
                 std::to_string(arrays.view.columns) + ", groups of " + std::to_string(arrays.view.group_size) +
                 ", bits " + std::to_string(arrays.view.bits) + ", order " + std::to_string(order);
        };
        ASSERT_EQ("", difference(expected, decode(gpu_, arrays.view, order, lines, output), output))
            << described() << ", from host to host";
        ASSERT_EQ("", difference(expected, decode_there(gpu_, stream, *there.view(), order, lines, output), output))
            << described() << ", from GPU to GPU";
      }
    }
  }
}

std::vector<qn_matrix_layout_info> layouts() {
  std::vector<qn_matrix_layout_info> all(qn_matrix_layout_count());
  for (size_t i = 0; i < all.size(); i++) {
    all[i].struct_size = sizeof all[i];
    EXPECT_EQ(QN_OK, qn_matrix_layout_at(i, &all[i])) << qn_last_error();
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(, GpuMatrices, testing::ValuesIn(layouts()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
