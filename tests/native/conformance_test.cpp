// SPDX-License-Identifier: MIT
//
// Every format, instruction set and output against answers that the library did not make.
#include "support/answers.h"
#include "support/device.h"
#include "support/reference.h"
#include "support/vectors.h"

using namespace test;

namespace {

class Conformance : public EachFormatAndSet {};

TEST_P(Conformance, EqualsTheKnownAnswers) {
  for (const Answers& answers : answers_for(format())) {
    ASSERT_FALSE(answers.source.empty()) << "no known answers for " << format().name;
    ASSERT_EQ(answers.source.size() / format().bytes_per_block * format().values_per_block * 4, answers.weights.size());
    for (const uint32_t threads : {1u, 3u}) {
      const Device device = open_cpu(set().isa, threads);
      ASSERT_TRUE(device);
      for (const qn_format output : kOutputs) {
        const auto found = dequantize(device.get(), format().format, answers.source, output);
        EXPECT_EQ("", difference(in_format(answers.weights, output), found, output))
            << threads << " threads, output " << output << ", kernel " << qn_last_kernel();
      }
    }
  }
}

EACH_FORMAT_AND_SET(Conformance);

TEST(Vectors, AgreeWithTheLibraryAboutBlocks) {
  for (const Vectors& vectors : all_vectors()) {
    const qn_format_info info = format_info(static_cast<qn_format>(vectors.number));
    EXPECT_EQ(vectors.format, info.name);
    EXPECT_EQ(vectors.values_per_block, info.values_per_block) << info.name;
    EXPECT_EQ(vectors.bytes_per_block, info.bytes_per_block) << info.name;
  }
}

TEST(Vectors, CoverEveryBlockFormat) {
  for (const qn_format_info& info : formats()) {
    bool covered = info.values_per_block == 1;
    for (const Vectors& vectors : all_vectors())
      covered |= vectors.format == info.name;
    EXPECT_TRUE(covered) << info.name;
  }
}

}  // namespace
