// SPDX-License-Identifier: MIT
//
// What every kind of device can do. The C functions check their arguments and call these; a kind of device is a
// subclass.
#pragma once

#include "../cpu/encoder_kernels.h"
#include "../cpu/kernels.h"
#include "../cpu/matrix_kernels.h"
#include "../formats/matrix.h"
#include "quantnet.h"

// Work that has passed all checks. Formats are places in qn::kFormats, outputs are columns (see qn::kOutputs).
struct DequantizeWork {
  int format = 0;
  int output = 0;
  const uint8_t* source = nullptr;
  uint8_t* destination = nullptr;
  size_t blocks = 0;                               // in all of source, or in a row
  size_t source_block = 0, destination_block = 0;  // bytes of a block, packed and decoded

  // If rows is not null: decode these rows, each of `blocks` blocks.
  const uint64_t* rows = nullptr;
  size_t row_count = 0;
};

// The same for a packed matrix: lines `first` on of the result, `count` of them. A line of the result is a row or a
// column, whichever was asked for.
struct MatrixWork {
  int layout = 0;  // a place in qn::kLayouts
  int output = 0;
  qn::portable::Matrix matrix{};
  bool transposed = false;  // lines of the result are not those in which the codes stand
  uint64_t first = 0, count = 0, line_length = 0;
  uint8_t* destination = nullptr;
};

// The other direction: rows of numbers to be encoded.
struct QuantizeWork {
  int format = 0;
  int input = 0;  // a column, as outputs are
  const uint8_t* source = nullptr;
  uint8_t* destination = nullptr;
  const uint8_t* importance = nullptr;  // a float of any address for each column, or nullptr
  uint64_t rows = 0, values_per_row = 0;
  size_t value_size = 0, block_size = 0;  // bytes of a number and of a block
  uint32_t values_per_block = 0;
  bool allow_nonfinite = false, search_longer = false;
};

namespace qn {
class CudaDevice;
}

struct qn_device {
  virtual ~qn_device() = default;
  virtual void describe(qn_device_info& info) const = 0;

  // The kernel for a format and the column of a plain one, which is the output or, to quantize, the input; both are
  // known, or the column is -1. supported is 0 where there is none.
  virtual qn_capability capability(qn_operation operation, int format, int column) const = 0;

  // The same for a layout and bits that it has.
  virtual qn_capability matrix_capability(qn_operation operation, int layout, uint32_t bits, int output) const = 0;

  // Does the work and names the kernel that did it.
  virtual qn_status dequantize(const DequantizeWork& work, const char*& kernel) = 0;

  virtual qn_status dequantize(const MatrixWork& work, const char*& kernel) = 0;

  // `first_nonfinite` receives the place in the source of the first number that is not finite though it has to be; it
  // is kAllFinite if there is none.
  virtual qn_status quantize(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel) = 0;
  static constexpr uint64_t kAllFinite = UINT64_MAX;

  // Itself, if it is a GPU.
  virtual qn::CudaDevice* cuda() { return nullptr; }
};

namespace qn {

// Opens the CPU. `note` is appended to the description: why a better device was not taken, or "".
qn_status open_cpu(const qn_device_options& options, const char* note, qn_device** device);

// The CPU as it would be with default options.
qn_device_info cpu_info();

// Processors that this process may use; at least 1.
uint32_t usable_processors();

}  // namespace qn
