// SPDX-License-Identifier: MIT
//
// Packed matrices by way of the GPU: the arrays go there as a whole, so that kernels find whatever a weight needs; the
// results come back in chunks of whole lines or, where a line is too long, of parts of one.
#include "../api/matrix_layouts.h"
#include "matrix_task.h"
#include "staging.h"

namespace qn::cuda {
namespace {

using portable::kTileSide;
using portable::Matrix;
using portable::MatrixTask;

// Arrays begin at multiples of this.
constexpr uint64_t kArrayAlignment = 256;

uint64_t aligned(uint64_t bytes) { return (bytes + kArrayAlignment - 1) / kArrayAlignment * kArrayAlignment; }

uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

// As much of `most` as fits, in whole tiles if that is at least one.
uint64_t whole_tiles(uint64_t fitting, uint64_t most) {
  if (fitting >= most) return most;
  return fitting < kTileSide ? fitting : fitting / kTileSide * kTileSide;
}

}  // namespace

uint64_t Staging::bytes_besides(const MatrixWork& work) {
  uint64_t bytes = 0;
  for (const MatrixArray& array : kMatrixArrays)
    bytes += aligned(array.size(kLayouts[work.layout], work.matrix));
  return bytes;
}

qn_status Staging::run(const MatrixWork& work, const char*& kernel) {
  const uint64_t bytes = bytes_besides(work);
  CUdeviceptr arrays = 0;
  qn_status status = context_.check_memory(context_.driver().mem_alloc(&arrays, bytes), "a packed matrix", bytes);
  if (status != QN_OK) return status;
  MatrixTask task{};
  task.transposed = work.transposed;
  for (Slot& slot : slots_)
    slot.blocks = 0;
  status = upload(work.matrix, work.layout, arrays, task.matrix);
  if (status == QN_OK) status = decode(work, task, kernel);
  if (status != QN_OK) settle();
  context_.driver().mem_free(arrays);
  return status;
}

qn_status Staging::upload(const Matrix& matrix, int layout, CUdeviceptr to, Matrix& on_gpu) {
  on_gpu = matrix;
  int next = 0;
  for (const MatrixArray& array : kMatrixArrays) {
    const uint64_t size = array.size(kLayouts[layout], matrix);
    if (size) on_gpu.*array.array = reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(to));
    if (const qn_status status = send(to, matrix.*array.array, size, next); status != QN_OK) return status;
    to += aligned(size);
  }
  return arrive();  // each kernel needs what all slots have brought
}

qn_status Staging::decode(const MatrixWork& work, MatrixTask& task, const char*& kernel) {
  const uint64_t size = work.output == 0 ? 4 : 2, fitting = slot_bytes_ / size;
  const uint64_t elements = whole_tiles(fitting, work.line_length);
  const uint64_t lines = elements < work.line_length ? 1 : whole_tiles(fitting / elements, work.count);
  const char* ran = "";
  qn_status status = QN_OK;
  int next = 0;
  for (uint64_t line = 0; line < work.count; line += lines)
    for (uint64_t element = 0; element < work.line_length; element += elements, next = (next + 1) % kSlots) {
      Slot& slot = slots_[next];
      if (status = finish(slot, work); status != QN_OK) return status;
      task.first = work.first + line;
      task.lines = smaller(lines, work.count - line);
      task.element = element;
      task.elements = smaller(elements, work.line_length - element);
      slot.first = (line * work.line_length + element) * size;
      slot.blocks = task.lines * task.elements * size;
      task.destination = reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(slot.device));
      if (status = begin(slot, work, task, ran); status != QN_OK) return status;
    }
  for (int i = 0; i < kSlots; i++)
    if (status = finish(slots_[(next + i) % kSlots], work); status != QN_OK) return status;
  kernel = ran;
  return QN_OK;
}

qn_status Staging::begin(Slot& slot, const MatrixWork& work, const MatrixTask& task, const char*& kernel) {
  const qn_status status = context_.launch(slot.stream, work.layout, work.output, task, kernel);
  if (status != QN_OK) return status;
  return context_.check(context_.driver().memcpy_dtoh_async(slot.host, slot.device, slot.blocks, slot.stream),
                        "copying from the GPU");
}

qn_status Staging::finish(Slot& slot, const MatrixWork& work) {
  if (slot.blocks == 0) return QN_OK;
  const qn_status status = context_.check(context_.driver().stream_synchronize(slot.stream), "decoding");
  if (status != QN_OK) return status;
  copy(work.destination + slot.first, slot.host, slot.blocks);
  slot.blocks = 0;
  return QN_OK;
}

}  // namespace qn::cuda
