// SPDX-License-Identifier: MIT
//
// The kernels for packed matrices, on an emulated GPU: they must give the bits of the layouts' at(), for any shape, any
// part of the results, and arrays and results at any address.
#include <algorithm>
#include <cstring>

#include "cuda/kernels.h"
#include "cuda/matrix_task.h"
#include "formats/matrices.h"
#include "support/device.h"
#include "support/reference.h"

using namespace test;
using qn::portable::Matrix;
using qn::portable::MatrixGrid;
using qn::portable::MatrixTask;
namespace layouts = qn::portable;

namespace {

constexpr uint8_t kUntouched = 0xa5;
constexpr const char* kOutputNames[] = {"f32", "f16", "bf16"};

// Random bits as a matrix of a layout. Arrays are of exact size, so that AddressSanitizer sees any byte read past them.
class Drawn {
 public:
  template <class Layout>
  static Drawn of(Random& random) {
    Drawn drawn;
    drawn.draw<Layout>(random);
    return drawn;
  }

  Matrix matrix{};
  bool lines_are_rows = false;
  float (*at)(const Matrix& m, uint64_t row, uint64_t column) = nullptr;

 private:
  template <class Layout>
  void draw(Random& random) {
    Matrix& m = matrix;
    lines_are_rows = Layout::kLines == layouts::Lines::kRows;
    at = [](const Matrix& all, uint64_t row, uint64_t column) { return Layout::at(all, row, column); };
    const auto has = [&](uint32_t array) { return (Layout::kArrays & array) != 0 && random.next() % 2; };
    // Most with 4 bits, which have tiles.
    do
      m.bits = random.next() % 2 ? 4 : static_cast<uint32_t>(random.next() % 9);
    while (!(Layout::kBits >> m.bits & 1));
    m.rows = side(random, Layout::row_multiple(m.bits));
    m.columns = side(random, Layout::column_multiple(m.bits));
    const uint64_t groups[] = {m.columns, 5, 8, 16, 40, 128};
    m.group = Layout::kGroup == layouts::kOneGroup   ? m.columns
              : Layout::kGroup == layouts::kAnyGroup ? groups[random.next() % 6]
                                                     : Layout::kGroup;
    m.groups = (m.columns - 1) / m.group + 1;
    m.group_rows = has(layouts::kGroupRows) ? 1 + random.next() % 20 : 1;
    m.scale_bytes = Layout::kScales == layouts::Scales::kFloats    ? (random.next() % 2 ? 2 : 4)
                    : Layout::kScales == layouts::Scales::kFloat32 ? 4
                                                                   : 1;
    m.bfloat_scales = random.next() % 2;
    m.zero_add = Layout::kFlags & layouts::kZeroPlusOne ? random.next() % 2 : 0;
    m.zero_mask = random.next() % 2 ? (1u << m.bits) - 1 : ~0u;
    m.padded = Layout::kFlags & layouts::kPadded ? random.next() % 2 : 0;
    m.divided = Layout::kFlags & layouts::kScalesDivided ? random.next() % 2 : 0;
    m.global_scale = Layout::kArrays & layouts::kGlobalScale ? 0.75f : 0.0f;
    if (Layout::kArrays & layouts::kLevels) {
      m.levels = array(random, uint64_t{4} << m.bits);
      if (random.next() % 2) {
        m.scale_bytes = 1;
        m.scale_levels = array(random, 4 * 256);
        m.scale_group = 1 + random.next() % 7;
        m.scale_scales = array(random, 4 * ((Layout::scale_count(m) - 1) / m.scale_group + 1));
        m.scale_offset = 0.25f;
      }
    }
    m.codes = array(random, Layout::code_bytes(m));
    m.scales = array(random, Layout::scale_count(m) * m.scale_bytes);
    // The zero points of AWQ_GEMV_FAST are not optional.
    if (has(layouts::kZeros) || Layout::zero_bytes(m) == Layout::scale_count(m) * m.scale_bytes)
      if (Layout::kArrays & layouts::kZeros) m.zeros = array(random, Layout::zero_bytes(m));
    if (has(layouts::kGroupIndex)) {
      uint8_t* const index = array(random, 4 * m.columns);
      for (uint64_t i = 0; i < m.columns; i++) {
        const auto group = static_cast<uint32_t>(random.next() % m.groups);
        std::memcpy(index + 4 * i, &group, 4);
      }
      m.group_index = index;
    }
  }

  static uint64_t side(Random& random, uint64_t multiple) {
    // Half of them a multiple of 16, as tiles need.
    if (16 % multiple == 0 && random.next() % 2) multiple = 16;
    return multiple * (1 + random.next() % (150 / multiple + 1));
  }

  // Aligned as memory of a GPU is, or not at all.
  uint8_t* array(Random& random, uint64_t size) {
    const size_t past = random.next() % 4 ? 0 : 1 + random.next() % 15;
    arrays_.push_back(random.bytes(size));
    std::vector<uint8_t>& made = arrays_.back();
    made.insert(made.begin(), past, kUntouched);
    made.shrink_to_fit();
    return made.data() + past;
  }

  std::vector<std::vector<uint8_t>> arrays_;
};

struct Layout {
  const char* name;
  Drawn (*draw)(Random& random);
};
constexpr Layout kAll[] = {
#define QN_LAYOUT(name, number) {#name, Drawn::of<layouts::name>},
    QN_MATRICES(QN_LAYOUT)
#undef QN_LAYOUT
};

std::vector<uint8_t> expected_results(const Drawn& drawn, const MatrixTask& task, qn_format output) {
  std::vector<uint8_t> weights;
  for (uint64_t line = task.first; line < task.first + task.lines; line++)
    for (uint64_t element = task.element; element < task.element + task.elements; element++) {
      const bool by_rows = drawn.lines_are_rows != (task.transposed != 0);
      const float weight = drawn.at(drawn.matrix, by_rows ? line : element, by_rows ? element : line);
      const auto* const bytes = reinterpret_cast<const uint8_t*>(&weight);
      weights.insert(weights.end(), bytes, bytes + 4);
    }
  return in_format(weights, output);
}

// "" or what is wrong with a part of the results, `past` bytes past a multiple of 16.
std::string run(const std::vector<emulation::Kernel>& kernels, const std::string& name, const Drawn& drawn,
                MatrixTask task, qn_format output, size_t past) {
  const auto found =
      std::find_if(kernels.begin(), kernels.end(), [&](const auto& kernel) { return kernel.name == name; });
  if (found == kernels.end()) return "there is no kernel " + name;
  const std::vector<uint8_t> expected = expected_results(drawn, task, output);
  std::vector<uint8_t> results(past + expected.size() + 16, kUntouched);
  task.matrix = drawn.matrix;
  task.destination = results.data() + past;
  const std::string fault =
      emulation::launch(found->entry, static_cast<uint32_t>(MatrixGrid(task).blocks()), qn::cuda::kThreads,
                        emulation::Order::kForward, reinterpret_cast<const uint8_t*>(&task), nullptr, 0);
  if (!fault.empty()) return fault;
  for (size_t i = 0; i < results.size(); i++)
    if ((i < past || i >= past + expected.size()) && results[i] != kUntouched)
      return "byte " + std::to_string(i) + ", outside of the results, was written";
  const auto begin = results.begin() + static_cast<ptrdiff_t>(past);
  return difference(expected, {begin, begin + static_cast<ptrdiff_t>(expected.size())}, output);
}

// All of the results, or a part of them.
MatrixTask draw_task(Random& random, const Drawn& drawn, bool transposed) {
  const bool by_rows = drawn.lines_are_rows != transposed;
  MatrixTask task{};
  task.transposed = transposed;
  task.lines = by_rows ? drawn.matrix.rows : drawn.matrix.columns;
  task.elements = by_rows ? drawn.matrix.columns : drawn.matrix.rows;
  if (random.next() % 2) {
    task.first = random.next() % task.lines;
    task.lines = 1 + random.next() % (task.lines - task.first);
  }
  if (random.next() % 4 == 0) {
    task.element = random.next() % task.elements / 8 * 8;
    task.elements = 1 + random.next() % (task.elements - task.element);
  }
  return task;
}

std::string run_drawn(const std::vector<emulation::Kernel>& kernels, const Layout& layout, uint64_t salt) {
  Random random(seed() + salt);
  const Drawn drawn = layout.draw(random);
  for (const bool transposed : {false, true})
    for (size_t output = 0; output < 3; output++) {
      const MatrixTask task = draw_task(random, drawn, transposed);
      const size_t past = random.next() % 3 ? 0 : random.next() % 16;
      const std::string wrong =
          run(kernels, std::string(layout.name) + (drawn.matrix.group_index ? "_indexed_" : "_") + kOutputNames[output],
              drawn, task, kOutputs[output], past);
      if (wrong.empty()) continue;
      return wrong + " (matrix " + std::to_string(salt) + ", " + std::to_string(drawn.matrix.rows) + " x " +
             std::to_string(drawn.matrix.columns) + (transposed ? ", transposed, " : ", ") + kOutputNames[output] + ")";
    }
  return "";
}

class EmulatedMatrices : public testing::TestWithParam<Layout> {};

TEST_P(EmulatedMatrices, GiveTheBitsOfTheLayout) {
  for (uint64_t i = 0; i < (short_mode() ? 12 : 60); i++)
    ASSERT_EQ("", run_drawn(emulated_matrix::kernels(), GetParam(), i));
}

INSTANTIATE_TEST_SUITE_P(, EmulatedMatrices, testing::ValuesIn(kAll),
                         [](const auto& info) { return std::string(info.param.name); });

// The emulation must be able to fail: a copy of the kernels in which rows and columns of tiles are swapped. It is seen
// for each layout, so each has tiles.
TEST(PlantedInMatrices, SwappedTilesAreSeen) {
  for (const Layout& layout : kAll) {
    bool seen = false;
    for (uint64_t i = 0; i < 300 && !seen; i++)
      seen = !run_drawn(swapped_tiles::kernels(), layout, i).empty();
    EXPECT_TRUE(seen) << layout.name;
  }
}

}  // namespace
