// SPDX-License-Identifier: MIT
#include "support/answers.h"

#include <cmath>
#include <cstring>
#include <initializer_list>

#include "support/reference.h"
#include "support/vectors.h"

namespace test {
namespace {

template <class T>
void append(std::vector<uint8_t>& bytes, T value) {
  bytes.insert(bytes.end(), reinterpret_cast<const uint8_t*>(&value),
               reinterpret_cast<const uint8_t*>(&value) + sizeof value);
}

// Numbers of a plain format, and what the language converts them to.
template <class T>
Answers plain_answers(std::initializer_list<T> numbers) {
  Answers answers;
  Random random(seed());
  std::vector<T> all = numbers;
  for (int i = 0; i < 1000; i++) {
    const uint64_t bits = random.next();
    T value;
    std::memcpy(&value, &bits, sizeof value);
    all.push_back(value);
  }
  for (const T number : all) {
    append(answers.source, number);
    append(answers.weights, static_cast<float>(number));
  }
  return answers;
}

// Q8_1 is never decoded by ggml; its dot products mean d * q.
Answers q8_1_answers() {
  Answers answers{vector_file("Q8_1", "quant.bin"), {}};
  for (size_t block = 0; block + 36 <= answers.source.size(); block += 36) {
    uint16_t d;
    std::memcpy(&d, answers.source.data() + block, 2);
    for (int i = 0; i < 32; i++)
      append(answers.weights, half_value(d) * static_cast<float>(static_cast<int8_t>(answers.source[block + 4 + i])));
  }
  return answers;
}

}  // namespace

std::vector<Answers> answers_for(const qn_format_info& format) {
  switch (format.format) {
    case QN_FORMAT_F32:
      return {plain_answers<float>({0.f, -0.f, 1.f, 65504.f, 65519.99f, 65520.f, -65536.f, 6e-8f, 2.98e-8f, 1e-40f,
                                    3.4028235e38f, INFINITY, -INFINITY, NAN})};
    case QN_FORMAT_F64:
      return {
          plain_answers<double>({0., -0., 0.1, 1e300, -1e300, 1e-300, 3.4028235677973366e38, 1e-45, NAN, INFINITY})};
    case QN_FORMAT_I8:
      return {plain_answers<int8_t>({0, 1, -1, 127, -128})};
    case QN_FORMAT_I16:
      return {plain_answers<int16_t>({0, 1, -1, 32767, -32768})};
    case QN_FORMAT_I32:
      return {plain_answers<int32_t>({0, 1, -1, INT32_MAX, INT32_MIN, 16777217, 16777219})};
    case QN_FORMAT_I64:
      return {plain_answers<int64_t>({0, 1, -1, INT64_MAX, INT64_MIN, 16777217, 16777219, (1LL << 53) + 1})};
    case QN_FORMAT_Q8_1:
      return {q8_1_answers()};
    default:
      return {{vector_file(format.name, "quant.bin"), vector_file(format.name, "quant.f32")},
              {vector_file(format.name, "random.bin"), vector_file(format.name, "random.f32")}};
  }
}

}  // namespace test
