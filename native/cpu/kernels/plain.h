// SPDX-License-Identifier: MIT
//
// Conversions between plain formats, 32 numbers at a time.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

template <class Number, class Out>
  requires requires(const Number* from) { load(from); }
QN_HD void dequantize_run(const Number* numbers, size_t count, Out out) {
  size_t i = 0;
  for (; i + 32 <= count; i += 32)
    store(out, i, plain_nan(load(numbers + i)), plain_nan(load(numbers + i + 16)));
  for (; i < count; i++)
    out.put(i, numbers[i].to_float());
}

}  // namespace qn::QN_TARGET
