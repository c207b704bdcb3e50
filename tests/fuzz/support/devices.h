// SPDX-License-Identifier: MIT
//
// Formats, outputs and devices that an input chooses among.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "quantnet.h"

namespace fuzz {

// The format whose number a byte is; any other byte stands for one of them too, so that no input is wasted.
const qn_format_info& format_of(uint8_t byte);

// Counts what was run by format, for the line that is printed at the end: no decoder may be left out by bad luck.
void count_run(const qn_format_info& format);

qn_format output_of(uint8_t byte);
inline size_t output_size(qn_format output) { return output == QN_FORMAT_F32 ? 4 : 2; }

// A device for each instruction set of this machine, scalar first.
struct Closer {
  void operator()(qn_device* device) const { qn_device_close(device); }
};
struct Set {
  const char* name;
  std::unique_ptr<qn_device, Closer> device;
};
const std::vector<Set>& sets_with_threads(uint32_t threads);

}  // namespace fuzz
