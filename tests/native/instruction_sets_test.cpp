// SPDX-License-Identifier: MIT
//
// Instruction sets against the scalar one, on blocks that nobody would make: random bytes, and every value in every
// scale.
#include <cstring>

#include "support/device.h"
#include "support/reference.h"
#include "support/vectors.h"

using namespace test;

namespace {

class InstructionSets : public EachFormatAndSet {};

std::vector<ScaleField> scale_fields(const char* format) {
  for (const Vectors& vectors : all_vectors())
    if (vectors.format == format) return vectors.scale_fields;
  return {};
}

void expect_equal_to_scalar(qn_device* device, qn_device* scalar, const qn_format_info& format,
                            const std::vector<uint8_t>& blocks) {
  for (const qn_format output : kOutputs) {
    const auto expected = dequantize(scalar, format.format, blocks, output);
    const auto found = dequantize(device, format.format, blocks, output);
    ASSERT_EQ("", difference(expected, found, output)) << qn_last_kernel() << ", QN_TEST_SEED=" << seed();
  }
}

TEST_P(InstructionSets, DecodeRandomBlocksAlike) {
  const Device scalar = open_cpu(QN_ISA_SCALAR), device = open_cpu(set().isa);
  Random random(seed() + static_cast<uint64_t>(format().format));
  const size_t blocks = size_t{1} << (long_mode() ? 24 : short_mode() ? 12 : 16);
  for (size_t done = 0; done < blocks; done += 4096)
    ASSERT_NO_FATAL_FAILURE(expect_equal_to_scalar(device.get(), scalar.get(), format(),
                                                   random.bytes(4096 * size_t{format().bytes_per_block})));
}

// Writes a scale into its field: 16 bits for halves, 8 for the small formats.
void put_scale(uint8_t* block, const ScaleField& field, uint32_t value) {
  if (field.kind == "f16") {
    const uint16_t half = static_cast<uint16_t>(value);
    std::memcpy(block + field.offset, &half, 2);
  } else if (field.kind == "f32") {
    const uint32_t bits = value << 16 | (value * 40503u & 0xffff);
    std::memcpy(block + field.offset, &bits, 4);
  } else if (field.kind == "f16split") {
    for (int i = 0; i < 4; i++) {
      uint8_t& top = block[field.offset + 2 * i + 1];
      top = static_cast<uint8_t>((top & 15) | (value >> 4 * i & 15) << 4);
    }
  } else {
    block[field.offset] = static_cast<uint8_t>(value);
  }
}

TEST_P(InstructionSets, DecodeEveryScaleAlike) {
  const Device scalar = open_cpu(QN_ISA_SCALAR), device = open_cpu(set().isa);
  Random random(seed() ^ static_cast<uint64_t>(format().format));
  const size_t size = format().bytes_per_block;
  if (format().values_per_block == 1 && size <= 2) {  // the number is its own scale
    std::vector<uint8_t> all(65536 * 2);
    for (uint32_t i = 0; i < 65536; i++)
      std::memcpy(all.data() + 2 * i, &i, 2);
    ASSERT_NO_FATAL_FAILURE(expect_equal_to_scalar(device.get(), scalar.get(), format(), all));
  }
  for (const ScaleField& field : scale_fields(format().name)) {
    for (uint32_t first = 0; first < 65536; first += short_mode() ? 16384 : 4096) {
      auto blocks = random.bytes(4096 * size);
      for (uint32_t i = 0; i < 4096; i++)
        put_scale(blocks.data() + i * size, field, first + i);
      ASSERT_NO_FATAL_FAILURE(expect_equal_to_scalar(device.get(), scalar.get(), format(), blocks)) << field.kind;
    }
  }
}

// A kernel that nobody wrote is the compiler's luck.
TEST_P(InstructionSets, HaveHandWrittenKernelsForBlockFormats) {
  const Device device = open_cpu(set().isa);
  for (const qn_format output : kOutputs) {
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    ASSERT_EQ(QN_OK, qn_device_capability(device.get(), QN_OPERATION_DEQUANTIZE, format().format, output, &capability));
    EXPECT_EQ(1u, capability.supported);
    EXPECT_TRUE(capability.tuned || format().values_per_block == 1 || set().isa == QN_ISA_SCALAR);
    EXPECT_NE(nullptr, std::strstr(capability.kernel, format().name));
  }
}

EACH_FORMAT_AND_SET(InstructionSets);

TEST(InstructionSet, ScalarIsAlwaysThere) {
  const auto sets = instruction_sets();
  ASSERT_FALSE(sets.empty());
  EXPECT_EQ(QN_ISA_SCALAR, sets[0].isa);
  EXPECT_EQ(1u, sets[0].available);
  for (size_t i = 0; i < sets.size(); i++) {
    EXPECT_EQ(sets[i].available == 1, sets[i].reason[0] == 0) << sets[i].name;
    EXPECT_TRUE(i == 0 || !sets[i].available || sets[i - 1].available) << "sets contain the ones before them";
  }
}

}  // namespace
