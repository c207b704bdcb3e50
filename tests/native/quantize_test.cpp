// SPDX-License-Identifier: MIT
//
// Encoders: the reference's bytes on every instruction set, for any threads, input and address; and every way to call
// them wrongly.
#include <cmath>
#include <cstring>
#include <set>

#include "support/device.h"
#include "support/guarded.h"
#include "support/reference.h"
#include "support/vectors.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace test;

namespace {

constexpr uint64_t kColumns = 1024;  // of the known answers

// All but the formats of other numbers.
bool has_encoder(const qn_format_info& format) {
  static const std::set<std::string> kNone = {"I8", "I16", "I32", "I64", "F64"};
  return kNone.count(format.name) == 0;
}

// Formats whose bytes importance changes; the others give the same with it as without.
const std::set<std::string> kWeighted = {"Q4_0", "Q4_1",   "Q5_0",   "Q5_1",  "Q2_K",    "Q3_K",  "Q4_K", "Q5_K",
                                         "Q6_K", "IQ4_NL", "IQ4_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_M"};

// Formats that cannot be encoded without importance.
const std::set<std::string> kAlwaysWeighted = {"IQ2_XXS", "IQ2_XS", "IQ1_S"};

qn_quantize_options options_with(const std::vector<uint8_t>& importance, uint32_t flags = 0) {
  qn_quantize_options options{};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.importance = importance.empty() ? nullptr : importance.data();
  options.importance_size = importance.size();
  return options;
}

std::vector<uint8_t> bytes_of(const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

size_t packed_size(const qn_format_info& format, size_t values) {
  return values / format.values_per_block * format.bytes_per_block;
}

// All rows of a source, from an odd address to one that ends at an unreadable page.
std::vector<uint8_t> quantize(qn_device* device, qn_format input, const std::vector<uint8_t>& source, uint64_t columns,
                              const std::vector<uint8_t>& importance, const qn_format_info& format,
                              uint32_t flags = 0) {
  std::vector<uint8_t> odd(source.size() + 1);
  std::memcpy(odd.data() + 1, source.data(), source.size());
  Guarded packed(packed_size(format, source.size() / output_size(input)));
  const qn_quantize_options options = options_with(importance, flags);
  EXPECT_EQ(QN_OK, qn_quantize(device, input, odd.data() + 1, source.size(), columns, &options, format.format,
                               packed.data(), packed.size()))
      << qn_last_error();
  return packed.content();
}

// Where two results differ first, in words.
std::string first_difference(const std::vector<uint8_t>& expected, const std::vector<uint8_t>& found,
                             const qn_format_info& format) {
  if (expected.size() != found.size()) return "sizes differ";
  for (size_t i = 0; i < expected.size(); i++)
    if (expected[i] != found[i])
      return "block " + std::to_string(i / format.bytes_per_block) + ", byte " +
             std::to_string(i % format.bytes_per_block);
  return "";
}

class Quantize : public EachFormatAndSet {
 protected:
  bool needs_importance() const { return kAlwaysWeighted.count(format().name) != 0; }

  // Of kColumns columns, where there has to be one.
  std::vector<uint8_t> least_importance() const {
    return needs_importance() ? vector_file(".", "importance.f32") : std::vector<uint8_t>();
  }

  // Numbers of all magnitudes, with zeros and short runs of equal ones.
  std::vector<float> numbers(size_t count) {
    const auto bytes = Random(seed() ^ static_cast<uint64_t>(format().format)).bytes(2 * count);
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) {
      const float unit = static_cast<float>(static_cast<int8_t>(bytes[2 * i])) / 64;
      const int kind = bytes[2 * i + 1];
      values[i] = kind < 16 ? 0 : std::ldexp(unit, kind % 12 - 6) * (i / 2048 % 4 == 3 ? 1e-12f : 1);
    }
    return values;
  }

  // None, where there may be none, and some.
  std::vector<std::vector<uint8_t>> importances_of(size_t columns) const {
    std::vector<float> weights(columns);
    for (size_t i = 0; i < columns; i++)
      weights[i] = static_cast<float>((i * 37 + 1) % 101) / 16;
    if (needs_importance()) return {bytes_of(weights)};
    return {{}, bytes_of(weights)};
  }

  // As floats, 128 before a power of two up to 2^126; sums of the squares of the largest overflow.
  static uint64_t bits_of_power(uint64_t choice) { return ((126 + (choice >> 16 & 127)) << 23) - 128; }
};

TEST_P(Quantize, GivesTheReferencesBytes) {
  const auto source = vector_file(".", "input.f32");
  ASSERT_EQ(8 * kColumns * sizeof(float), source.size());
  for (const char* file : {"quant.bin", "quant_importance.bin"}) {
    const bool weighted = std::strstr(file, "importance");
    if (!weighted && needs_importance()) continue;
    const bool same = weighted && kWeighted.count(format().name) == 0;
    const auto expected =
        format().format == QN_FORMAT_F32 ? source : vector_file(format().name, same ? "quant.bin" : file);
    const auto importance = weighted ? vector_file(".", "importance.f32") : std::vector<uint8_t>();
    for (const uint32_t threads : {1u, 2u, 5u}) {
      const Device device = open_cpu(set().isa, threads);
      EXPECT_EQ(
          "", first_difference(expected, quantize(device.get(), QN_FORMAT_F32, source, kColumns, importance, format()),
                               format()))
          << file << ", " << threads << " threads, kernel " << qn_last_kernel();
    }
  }
}

// More numbers than one thread takes at a time, in rows of odd counts; the scalar set is the reference.
TEST_P(Quantize, EqualsScalarForAnyInputAndThreads) {
  const size_t columns = 768, rows = 61;
  const auto all = bytes_of(numbers(columns * rows));
  const Device scalar = open_cpu(QN_ISA_SCALAR);
  for (const auto& importance : importances_of(columns)) {
    for (const qn_format input : kOutputs) {
      const auto source = in_format(all, input);
      const auto widened = dequantize(scalar.get(), input, source, QN_FORMAT_F32);
      const auto expected = quantize(scalar.get(), QN_FORMAT_F32, widened, columns, importance, format());
      for (const uint32_t threads : {1u, 3u}) {
        const Device device = open_cpu(set().isa, threads);
        EXPECT_EQ("", first_difference(expected, quantize(device.get(), input, source, columns, importance, format()),
                                       format()))
            << threads << " threads, kernel " << qn_last_kernel();
      }
    }
  }
}

// Vector encoders take several blocks at once; rows end anywhere among them.
TEST_P(Quantize, EqualsScalarForAnyCountOfBlocks) {
  const Device scalar = open_cpu(QN_ISA_SCALAR), device = open_cpu(set().isa);
  for (const size_t blocks : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 61}) {
    const size_t columns = blocks * format().values_per_block;
    const auto source = bytes_of(numbers(2 * columns));
    for (const auto& importance : importances_of(columns))
      EXPECT_EQ(
          "", first_difference(quantize(scalar.get(), QN_FORMAT_F32, source, columns, importance, format()),
                               quantize(device.get(), QN_FORMAT_F32, source, columns, importance, format()), format()))
          << blocks << " blocks, importance of " << importance.size();
  }
}

// Where comparisons decide: equal magnitudes with different signs, zeros with different signs, numbers halfway between
// two codes, scales that are subnormal or overflow, peaks around powers of two.
TEST_P(Quantize, EqualsScalarForNumbersOnTheEdge) {
  const size_t columns = 1024, rows = 64;
  const auto choices = Random(seed() ^ 0xed9e).bytes(8 * columns * rows);
  std::vector<float> values(columns * rows);
  for (size_t i = 0; i < values.size(); i++) {
    uint64_t choice, of_group;
    std::memcpy(&choice, &choices[8 * i], 8);
    std::memcpy(&of_group, &choices[8 * (i / 32 * 32)], 8);
    const float sign = choice >> 8 & 1 ? -1.f : 1.f,
                scale = std::ldexp(1.f, static_cast<int>(of_group >> 16 & 31) - 16);
    const auto some = static_cast<float>(choice >> 32 & 255);
    const auto float_of = [](uint64_t bits) {
      const auto low = static_cast<uint32_t>(bits);
      float value;
      std::memcpy(&value, &low, 4);
      return value;
    };
    switch (of_group & 7) {
      case 0:
        values[i] = sign * 0.f;
        break;
      case 1:
        values[i] = sign * scale;
        break;
      case 2:
        values[i] = choice & 16 ? sign * 0.f : scale * some;
        break;
      case 3:
        values[i] = choice & 16 ? sign * 0.f : -scale * some;
        break;
      case 4:
        values[i] = sign * scale * (some / 2 - (i % 32 == 0 ? 127 : 0));
        break;
      case 5:
        values[i] = sign * scale * some * 0.25f / 15;
        break;
      case 6:
        values[i] = sign * float_of(choice >> 32 & 0xffffff);
        break;
      default:
        values[i] = sign * float_of(bits_of_power(of_group) + (choice >> 32 & 0xff));
        break;
    }
  }
  const auto source = bytes_of(values);
  const Device scalar = open_cpu(QN_ISA_SCALAR), device = open_cpu(set().isa);
  for (const auto& importance : importances_of(columns))
    EXPECT_EQ("",
              first_difference(quantize(scalar.get(), QN_FORMAT_F32, source, columns, importance, format()),
                               quantize(device.get(), QN_FORMAT_F32, source, columns, importance, format()), format()))
        << "importance of " << importance.size();
}

// The weighted squared error of each block.
std::vector<double> errors_of(qn_device* device, const std::vector<float>& values, const std::vector<uint8_t>& weights,
                              const qn_format_info& format, const std::vector<uint8_t>& packed) {
  const auto bytes = dequantize(device, format.format, packed, QN_FORMAT_F32);
  std::vector<float> decoded(values.size()), importance(weights.size() / sizeof(float));
  std::memcpy(decoded.data(), bytes.data(), bytes.size());
  if (!weights.empty()) std::memcpy(importance.data(), weights.data(), weights.size());
  std::vector<double> errors(values.size() / format.values_per_block);
  for (size_t i = 0; i < values.size(); i++) {
    const double difference = double{decoded[i]} - values[i];
    const float weight = importance.empty() ? 1 : importance[i % importance.size()];
    errors[i / format.values_per_block] += weight * difference * difference;
  }
  return errors;
}

TEST_P(Quantize, TheBestIsNeverWorseAndTheSameOnAllSets) {
  const std::set<std::string> searched = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"};
  const auto values = numbers(8 * kColumns);
  const auto source = bytes_of(values);
  const Device scalar = open_cpu(QN_ISA_SCALAR), device = open_cpu(set().isa, 2);
  for (const auto& weights : importances_of(kColumns)) {
    const auto quantized = [&](qn_device* by, uint32_t flags) {
      return quantize(by, QN_FORMAT_F32, source, kColumns, weights, format(), flags);
    };
    const auto usual = quantized(device.get(), 0), best = quantized(device.get(), QN_QUANTIZE_BEST);
    EXPECT_EQ("", first_difference(quantized(scalar.get(), QN_QUANTIZE_BEST), best, format()));
    if (searched.count(format().name) == 0) {
      EXPECT_EQ("", first_difference(usual, best, format()));
      continue;
    }
    const auto before = errors_of(scalar.get(), values, weights, format(), usual);
    const auto after = errors_of(scalar.get(), values, weights, format(), best);
    double sum_before = 0, sum_after = 0;
    for (size_t i = 0; i < before.size(); i++) {
      EXPECT_LE(after[i], before[i] * (1 + 1e-5)) << "block " << i;  // the encoder's own sums are of floats
      sum_before += before[i];
      sum_after += after[i];
    }
    EXPECT_LT(sum_after, 0.995 * sum_before);
  }
}

TEST_P(Quantize, RowsDoNotDependOnEachOther) {
  const Device device = open_cpu(set().isa, 2);
  const size_t row = kColumns * sizeof(float), packed_row = packed_size(format(), kColumns);
  const auto all = bytes_of(numbers(5 * kColumns));
  const auto importance = vector_file(".", "importance.f32");
  const auto whole = quantize(device.get(), QN_FORMAT_F32, all, kColumns, importance, format());
  for (size_t i = 0; i < 5; i++) {
    const std::vector<uint8_t> one(all.begin() + i * row, all.begin() + (i + 1) * row);
    const std::vector<uint8_t> expected(whole.begin() + i * packed_row, whole.begin() + (i + 1) * packed_row);
    EXPECT_EQ(expected, quantize(device.get(), QN_FORMAT_F32, one, kColumns, importance, format())) << "row " << i;
  }
}

TEST_P(Quantize, FindsTheFirstNumberThatIsNotFinite) {
  const size_t rows = 70;
  auto values = numbers(rows * kColumns);
  values[3 * kColumns + 1000] = -INFINITY;
  values[3 * kColumns + 1001] = NAN;
  values[60 * kColumns] = NAN;
  const auto source = bytes_of(values);
  const auto importance = least_importance();
  const qn_quantize_options options = options_with(importance);
  std::vector<uint8_t> packed(packed_size(format(), values.size()));
  for (const uint32_t threads : {1u, 4u}) {
    const Device device = open_cpu(set().isa, threads);
    EXPECT_EQ(QN_ERROR_NOT_FINITE, qn_quantize(device.get(), QN_FORMAT_F32, source.data(), source.size(), kColumns,
                                               &options, format().format, packed.data(), packed.size()));
    EXPECT_STREQ("source is infinite at row 3, column 1000, expected a finite number", qn_last_error());
  }
  const auto weak = in_format(source, QN_FORMAT_BF16);
  const Device device = open_cpu(set().isa, 2), scalar = open_cpu(QN_ISA_SCALAR);
  EXPECT_EQ(QN_ERROR_NOT_FINITE,
            qn_quantize(device.get(), QN_FORMAT_BF16, weak.data() + 2 * (3 * kColumns + 1001), 2 * kColumns, kColumns,
                        &options, format().format, packed.data(), packed.size()));
  EXPECT_STREQ("source is NaN at row 0, column 0, expected a finite number", qn_last_error());
  const auto allowed = [&](const Device& on) {
    return quantize(on.get(), QN_FORMAT_F32, source, kColumns, importance, format(), QN_QUANTIZE_ALLOW_NONFINITE);
  };
  EXPECT_EQ("", first_difference(allowed(scalar), allowed(device), format()));
}

#if defined(__x86_64__)
TEST_P(Quantize, TheCallersFloatModesChangeNothing) {
  const auto source = vector_file(".", "input.f32"), importance = least_importance();
  const Device plain = open_cpu(set().isa);
  const auto expected = quantize(plain.get(), QN_FORMAT_F32, source, kColumns, importance, format());
  const unsigned before = _mm_getcsr();
  for (const unsigned modes : {0x8040u, 0x2000u, 0x6000u}) {
    _mm_setcsr(before | modes);
    const auto found = quantize(plain.get(), QN_FORMAT_F32, source, kColumns, importance, format());
    _mm_setcsr(before);
    EXPECT_EQ("", first_difference(expected, found, format())) << std::hex << modes;
  }
}
#endif

std::vector<qn_format_info> formats_with_encoder() {
  std::vector<qn_format_info> all;
  for (const qn_format_info& format : formats())
    if (has_encoder(format)) all.push_back(format);
  return all;
}

INSTANTIATE_TEST_SUITE_P(, Quantize,
                         testing::Combine(testing::ValuesIn(formats_with_encoder()),
                                          testing::ValuesIn(instruction_sets())),
                         name_of);

TEST(QuantizeCapability, IsWhatCanBeDone) {
  const Device device = open_cpu();
  for (const qn_format_info& format : formats()) {
    for (const qn_format input : {QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16, QN_FORMAT_Q8_0}) {
      qn_capability capability{};
      capability.struct_size = sizeof capability;
      ASSERT_EQ(QN_OK, qn_device_capability(device.get(), QN_OPERATION_QUANTIZE, input, format.format, &capability));
      EXPECT_EQ(has_encoder(format) && input != QN_FORMAT_Q8_0, capability.supported == 1) << format.name;
      EXPECT_EQ(capability.supported == 1, std::strstr(capability.kernel, format.name) != nullptr);
    }
  }
}

// The scalar set has the definition alone.
TEST(QuantizeCapability, TellsVectorEncoders) {
  for (const qn_isa_info& set : instruction_sets()) {
    const Device device = open_cpu(set.isa);
    for (const qn_format format : {QN_FORMAT_F16, QN_FORMAT_Q4_0, QN_FORMAT_IQ4_XS, QN_FORMAT_TQ1_0}) {
      qn_capability capability{};
      capability.struct_size = sizeof capability;
      ASSERT_EQ(QN_OK, qn_device_capability(device.get(), QN_OPERATION_QUANTIZE, QN_FORMAT_F32, format, &capability));
      EXPECT_EQ(set.isa != QN_ISA_SCALAR, capability.tuned == 1) << capability.kernel;
    }
  }
}

class QuantizeArguments : public testing::Test {
 protected:
  static constexpr size_t kSource = 2 * 64 * 4, kDestination = 4 * 34;

  QuantizeArguments() { std::memset(destination_, 0x5a, sizeof destination_); }
  ~QuantizeArguments() override {
    for (const uint8_t byte : destination_)
      EXPECT_EQ(0x5a, byte) << "a call that failed wrote";
  }
  void expect(qn_status status, const char* message, int input, size_t source_size, uint64_t columns, int format,
              size_t destination_size = kDestination) {
    EXPECT_EQ(status, qn_quantize(device_.get(), static_cast<qn_format>(input), source_, source_size, columns, nullptr,
                                  static_cast<qn_format>(format), destination_, destination_size));
    EXPECT_STREQ(message, qn_last_error());
  }
  void expect(qn_status status, const char* message, const qn_quantize_options& options) {
    EXPECT_EQ(status, qn_quantize(device_.get(), QN_FORMAT_F32, source_, kSource, 64, &options, QN_FORMAT_Q8_0,
                                  destination_, kDestination));
    EXPECT_STREQ(message, qn_last_error());
  }
  Device device_ = open_cpu();
  uint8_t source_[kSource] = {};
  uint8_t destination_[kDestination];
};

TEST_F(QuantizeArguments, AreChecked) {
  expect(QN_ERROR_INVALID_ARGUMENT, "input is 777, which is not the number of a format", 777, kSource, 64, 8);
  expect(QN_ERROR_UNSUPPORTED, "input is Q8_0, expected F32, F16 or BF16", 8, kSource, 64, 8);
  expect(QN_ERROR_INVALID_ARGUMENT, "4 is not the number of a format", 0, kSource, 64, 4);
  expect(QN_ERROR_UNSUPPORTED, "there is no encoder for I8", 0, kSource, 64, QN_FORMAT_I8);
  expect(QN_ERROR_SIZE, "rows of 63 values are not whole blocks of 32 of Q8_0", 0, kSource, 63, 8);
  expect(QN_ERROR_SIZE, "rows of 0 values are not whole blocks of 32 of Q8_0", 0, kSource, 0, 8);
  expect(QN_ERROR_SIZE, "511 bytes of F32 are not whole rows of 64 values", 0, kSource - 1, 64, 8);
  expect(QN_ERROR_SIZE, "512 bytes of F32 are not whole rows of 18446744073709551584 values", 0, kSource,
         UINT64_MAX - 31, 8);
  expect(QN_ERROR_SIZE, "destination has 135 bytes, expected at least 4 blocks of 34", 0, kSource, 64, 8,
         kDestination - 1);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_quantize(nullptr, QN_FORMAT_F32, source_, kSource, 64, nullptr,
                                                   QN_FORMAT_Q8_0, destination_, kDestination));
  EXPECT_STREQ("device is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_quantize(device_.get(), QN_FORMAT_F32, nullptr, kSource, 64, nullptr,
                                                   QN_FORMAT_Q8_0, destination_, kDestination));
  EXPECT_STREQ("source is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_quantize(device_.get(), QN_FORMAT_F32, source_, kSource, 64, nullptr,
                                                   QN_FORMAT_Q8_0, nullptr, kDestination));
  EXPECT_STREQ("destination is null", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_quantize(device_.get(), QN_FORMAT_F32, source_, kSource, 64, nullptr,
                                                   QN_FORMAT_Q8_0, source_ + kSource - 1, kDestination));
  EXPECT_STREQ("source and destination overlap", qn_last_error());
}

TEST_F(QuantizeArguments, ImportanceIsNeededBySomeFormats) {
  const std::vector<uint8_t> source(256 * sizeof(float));
  for (const std::string& name : kAlwaysWeighted)
    for (const qn_format_info& format : formats())
      if (name == format.name) {
        EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT,
                  qn_quantize(device_.get(), QN_FORMAT_F32, source.data(), source.size(), 256, nullptr, format.format,
                              destination_, sizeof destination_));
        EXPECT_EQ(name + " cannot be encoded without importance", qn_last_error());
      }
}

TEST_F(QuantizeArguments, CapabilitiesTellWhatNeedsImportance) {
  for (const qn_format_info& format : formats()) {
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    ASSERT_EQ(QN_OK,
              qn_device_capability(device_.get(), QN_OPERATION_QUANTIZE, QN_FORMAT_F16, format.format, &capability));
    EXPECT_EQ(kAlwaysWeighted.count(format.name), capability.needs_importance) << format.name;
    ASSERT_EQ(QN_OK,
              qn_device_capability(device_.get(), QN_OPERATION_DEQUANTIZE, format.format, QN_FORMAT_F16, &capability));
    EXPECT_EQ(0u, capability.needs_importance) << format.name;
  }
}

TEST_F(QuantizeArguments, MayBeEmpty) {
  EXPECT_EQ(QN_OK, qn_quantize(device_.get(), QN_FORMAT_F32, nullptr, 0, 64, nullptr, QN_FORMAT_Q8_0, nullptr, 0));
}

TEST_F(QuantizeArguments, OptionsAreChecked) {
  std::vector<float> values(64, 1);
  auto options = options_with({}, 4);
  expect(QN_ERROR_UNSUPPORTED, "options.flags is 0x4, expected any of 0x3", options);
  options = options_with({});
  options.importance_size = 4;
  expect(QN_ERROR_INVALID_ARGUMENT, "options.importance is null", options);
  options.struct_size = 0;
  expect(QN_ERROR_INVALID_ARGUMENT, "struct_size of options is 0, expected 24 (was it set?)", options);
  for (const size_t size : {0u, 252u, 255u, 257u, 260u}) {
    const auto importance = bytes_of(std::vector<float>(66, 1));
    options = options_with(importance);
    options.importance_size = size;
    const auto message = "importance has " + std::to_string(size) + " bytes, expected 64 values of 4";
    expect(QN_ERROR_SIZE, message.c_str(), options);
  }
  const auto expect_refused = [&](const char* message) {
    const auto importance = bytes_of(values);
    expect(QN_ERROR_INVALID_ARGUMENT, message, options_with(importance));
  };
  values[3] = -1;
  expect_refused("importance[3] is -1, expected a number that is finite and not negative");
  values[3] = INFINITY;
  expect_refused("importance[3] is inf, expected a number that is finite and not negative");
  values.assign(64, 0);
  expect_refused("importance is 0 in all 64 columns");
}

}  // namespace
