// SPDX-License-Identifier: MIT
//
// The formats' own decode(): any number of neighbours at a time gives the same weights. The CPU asks for whole groups,
// a GPU thread for eight.
#include "formats/formats.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/reference.h"

namespace {

using namespace qn::portable;

template <class Block, int N>
std::vector<uint8_t> decode_all(const Block& block) {
  std::vector<uint8_t> weights(Block::kValues * sizeof(float));
  for (int first = 0; first < Block::kValues; first += N) {
    float w[N];
    block.decode(first, w);
    std::memcpy(weights.data() + first * sizeof(float), w, sizeof w);
  }
  return weights;
}

template <class Block, int N>
void expect_same(const Block& block, const char* name) {
  if constexpr (Block::kGroup % N == 0) {
    const auto by_group = decode_all<Block, Block::kGroup>(block), by_n = decode_all<Block, N>(block);
    ASSERT_EQ("", test::difference(by_group, by_n, QN_FORMAT_F32)) << name << ", " << N << " at a time";
  }
}

template <class Block>
void expect_any_n_gives_the_same(const char* name) {
  test::Random random(test::seed());
  for (int i = 0; i < 200; i++) {
    Block block;
    std::memcpy(static_cast<void*>(&block), random.bytes(sizeof block).data(), sizeof block);
    ASSERT_NO_FATAL_FAILURE((expect_same<Block, 8>(block, name)));
    ASSERT_NO_FATAL_FAILURE((expect_same<Block, 16>(block, name)));
    ASSERT_NO_FATAL_FAILURE((expect_same<Block, 32>(block, name)));
  }
}

TEST(Decode, GivesTheSameForAnyNumberOfNeighbours){
#define QN_TRY(format, number) expect_any_n_gives_the_same<format>(#format);
    QN_FORMATS(QN_TRY)
#undef QN_TRY
}

TEST(Decode, BlocksNeedNoAlignmentAndHoldWholeGroups) {
#define QN_TRY(format, number)               \
  EXPECT_EQ(1u, alignof(format)) << #format; \
  EXPECT_EQ(0, format::kValues % format::kGroup) << #format;
  QN_FORMATS(QN_TRY)
#undef QN_TRY
}

}  // namespace
