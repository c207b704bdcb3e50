// SPDX-License-Identifier: MIT
//
// The kernels that encode, on an emulated GPU: they must give the CPU's bytes, wherever the work begins and ends.
#include <algorithm>
#include <set>
#include <utility>

#include "cuda/encode_task.h"
#include "cuda/encoders.h"
#include "cuda/kernels.h"
#include "formats/formats.h"
#include "support/encoding.h"
#include "support/vectors.h"

using namespace test;
using emulation::Order;
using qn::portable::EncodeTask;

namespace {

constexpr uint8_t kUntouched = 0xa5;

struct Encoder {
  const char* name;
  qn_format format;
  bool needs_row;
};
constexpr Encoder kAll[] = {
#define QN_ENCODER(name) {#name, QN_FORMAT_##name, qn::portable::kNeedsRow<qn::portable::name>},
    QN_GPU_ENCODERS(QN_ENCODER)
#undef QN_ENCODER
};

// Rows to be encoded, and what must come out.
struct Rows {
  qn_format input = QN_FORMAT_F32;
  uint64_t columns = 0;
  std::vector<uint8_t> numbers, importance, expected;
};

Rows make_rows(const qn_format_info& format, uint64_t columns, uint64_t count, qn_format input, bool weighted) {
  Rows rows;
  rows.input = input;
  rows.columns = columns;
  rows.numbers = in_format(bytes_of(random_numbers(columns * count, format.format)), input);
  if (weighted) rows.importance = importance_of(columns);
  const Device cpu = open_cpu(QN_ISA_SCALAR);
  rows.expected = quantize(cpu.get(), input, rows.numbers, columns, rows.importance, format);
  return rows;
}

struct How {
  size_t source_past = 0, destination_past = 0;  // bytes past a multiple of 16
  Order order = Order::kForward;
  uint64_t first = 0;  // the row or, where rows do not matter, the block to begin with
};

// "" or what the kernel did wrong. Buffers are of exact size, so that AddressSanitizer sees what is outside of them.
std::string run(const std::vector<emulation::Kernel>& kernels, const Encoder& encoder, const Rows& rows,
                const How& how = {}, uint64_t* first_nonfinite = nullptr) {
  const qn_format_info format = format_info(encoder.format);
  const std::string name = std::string("quantize_") + encoder.name;
  const auto kernel = std::find_if(kernels.begin(), kernels.end(), [&](const auto& one) { return one.name == name; });
  if (kernel == kernels.end()) return "there is no kernel " + name;

  EncodeTask task{};
  task.blocks_per_row = rows.columns / format.values_per_block;
  task.by_rows = !rows.importance.empty() && encoder.needs_row;
  task.first = how.first * (task.by_rows ? task.blocks_per_row : 1);
  const size_t skipped = task.first * format.values_per_block * output_size(rows.input);
  const size_t packed_skipped = task.first * format.bytes_per_block;
  std::vector<uint8_t> source(how.source_past, kUntouched);
  source.insert(source.end(), rows.numbers.begin() + static_cast<ptrdiff_t>(skipped), rows.numbers.end());
  source.shrink_to_fit();
  const std::vector<uint8_t> expected(rows.expected.begin() + static_cast<ptrdiff_t>(packed_skipped),
                                      rows.expected.end());
  std::vector<uint8_t> packed(how.destination_past + expected.size() + 16, kUntouched);
  std::vector<float> importance(rows.importance.size() / sizeof(float));
  if (!importance.empty()) std::memcpy(importance.data(), rows.importance.data(), rows.importance.size());

  task.source = source.data() + how.source_past;
  task.destination = packed.data() + how.destination_past;
  task.importance = importance.empty() ? nullptr : importance.data();
  task.first_nonfinite = first_nonfinite;
  task.blocks = expected.size() / format.bytes_per_block;
  task.input = rows.input == QN_FORMAT_F32 ? 0 : rows.input == QN_FORMAT_F16 ? 1 : 2;
  const std::string fault =
      emulation::launch(kernel->entry, static_cast<uint32_t>(encode_grid(task, format.values_per_block)),
                        qn::cuda::kEncodeThreads, how.order, reinterpret_cast<const uint8_t*>(&task), nullptr, 0);
  if (!fault.empty()) return fault;
  for (size_t i = 0; i < packed.size(); i++)
    if ((i < how.destination_past || i >= how.destination_past + expected.size()) && packed[i] != kUntouched)
      return "byte " + std::to_string(i) + ", outside of the blocks, was written";
  const auto begin = packed.begin() + static_cast<ptrdiff_t>(how.destination_past);
  return first_difference(expected, {begin, begin + static_cast<ptrdiff_t>(expected.size())}, format);
}

class EmulatedEncoders : public testing::TestWithParam<Encoder> {
 protected:
  qn_format_info format() const { return format_info(GetParam().format); }
  uint64_t tile() const { return qn::cuda::kEncodeTileValues / format().values_per_block; }
  std::string run(const Rows& rows, const How& how = {}, uint64_t* first_nonfinite = nullptr) const {
    return ::run(emulated_encode::kernels(), GetParam(), rows, how, first_nonfinite);
  }
};

TEST_P(EmulatedEncoders, GiveTheReferencesBytes) {
  constexpr uint64_t kColumns = 1024;
  for (const bool weighted : {false, true}) {
    Rows rows;
    rows.columns = kColumns;
    rows.numbers = vector_file(".", "input.f32");
    if (weighted) rows.importance = vector_file(".", "importance.f32");
    const Device cpu = open_cpu(QN_ISA_SCALAR);
    rows.expected = weighted || GetParam().format == QN_FORMAT_F32
                        ? quantize(cpu.get(), rows.input, rows.numbers, kColumns, rows.importance, format())
                        : vector_file(GetParam().name, "quant.bin");
    for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled})
      EXPECT_EQ("", run(rows, {0, 0, order})) << (weighted ? "with importance" : "without");
  }
}

TEST_P(EmulatedEncoders, EqualTheCpuForAnyInput) {
  for (const qn_format input : kOutputs)
    for (const bool weighted : {false, true})
      EXPECT_EQ("", run(make_rows(format(), 768, 11, input, weighted))) << input << (weighted ? ", weighted" : "");
}

TEST_P(EmulatedEncoders, TakeLongRows) {
  EXPECT_EQ("", run(make_rows(format(), 2 * qn::cuda::kEncodeTileValues + 256, 3, QN_FORMAT_F32, true)));
}

TEST_P(EmulatedEncoders, EndWhereTheWorkEnds) {
  for (const uint64_t blocks : {uint64_t{0}, uint64_t{1}, uint64_t{2}, tile() - 1, tile(), tile() + 1})
    EXPECT_EQ("", run(make_rows(format(), format().values_per_block, blocks, QN_FORMAT_F16, false))) << blocks;
}

// Work comes in chunks: columns are counted from the beginning of their row all the same.
TEST_P(EmulatedEncoders, BeginAnywhere) {
  const Rows rows = make_rows(format(), 768, 11, QN_FORMAT_F32, true);
  for (const uint64_t first : {1, 2, 7})
    EXPECT_EQ("", run(rows, {0, 0, Order::kForward, first})) << first;
}

TEST_P(EmulatedEncoders, TakeAnyAddress) {
  for (const qn_format input : kOutputs) {
    const Rows rows = make_rows(format(), 256, 17, input, false);
    for (size_t past = 1; past < 16; past += short_mode() ? 3 : 1)
      EXPECT_EQ("", run(rows, {past, (past * 7 + 3) % 16})) << past << " bytes past alignment";
  }
}

TEST_P(EmulatedEncoders, FindTheFirstNumberThatIsNotFinite) {
  for (const bool weighted : {false, true}) {
    Rows rows = make_rows(format(), 768, 11, QN_FORMAT_F32, weighted);
    uint64_t found = UINT64_MAX;
    EXPECT_EQ("", run(rows, {}, &found));
    EXPECT_EQ(UINT64_MAX, found);
    for (const size_t place : {size_t{8000}, size_t{7001}, size_t{7000}, size_t{8192}}) {
      const uint32_t bits = place % 2 ? 0x7f800000u : 0xffc01234u;
      std::memcpy(rows.numbers.data() + place * 4, &bits, 4);
      const Device cpu = open_cpu(QN_ISA_SCALAR);
      rows.expected = quantize(cpu.get(), rows.input, rows.numbers, rows.columns, rows.importance, format(),
                               QN_QUANTIZE_ALLOW_NONFINITE);
      EXPECT_EQ("", run(rows, {}, &found)) << "what they become";
      EXPECT_EQ(std::min<size_t>(place, place == 8192 ? 7000 : place), found);
    }
    EXPECT_EQ("", run(rows)) << "nobody asks";
  }
}

INSTANTIATE_TEST_SUITE_P(, EmulatedEncoders, testing::ValuesIn(kAll),
                         [](const auto& info) { return std::string(info.param.name); });

// Does a header that the list includes have an encoder?
template <class Format, class = void>
inline constexpr bool kHasEncoder = false;
template <class Format>
inline constexpr bool kHasEncoder<
    Format, std::void_t<decltype(encode(std::declval<const qn::portable::Values&>(), std::declval<Format&>()))>> = true;

TEST(GpuEncoders, AreAllThatTheirHeadersHave) {
  std::set<std::string> listed, found;
  for (const Encoder& one : kAll)
    listed.insert(one.name);
#define QN_FIND(format, number) \
  if (kHasEncoder<qn::portable::format>) found.insert(#format);
  QN_FORMATS(QN_FIND)
#undef QN_FIND
  EXPECT_EQ(found, listed);
}

// The emulation must be able to fail: copies of the kernels in which one mistake was planted.
TEST(PlantedInEncoders, MistakesAreSeen) {
  constexpr Encoder kQ4_K = {"Q4_K", QN_FORMAT_Q4_K, false};
  const Rows rows = make_rows(format_info(QN_FORMAT_Q4_K), 768, 11, QN_FORMAT_F32, true);
  EXPECT_NE("", run(stored_early::kernels(), kQ4_K, rows, {0, 0, Order::kForward}));
  EXPECT_NE("", run(stored_early::kernels(), kQ4_K, rows, {0, 0, Order::kBackward}));
  EXPECT_EQ("", run(other_columns::kernels(), kQ4_K, rows));
  EXPECT_NE("", run(other_columns::kernels(), kQ4_K, rows, {0, 0, Order::kForward, 1}));
}

}  // namespace
