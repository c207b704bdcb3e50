// SPDX-License-Identifier: MIT
//
// The way from the caller's memory through the GPU: chunk by chunk, through pinned memory, so that the copy in, the
// kernel and the copy out of one chunk overlap with those of the next.
//
//     caller -> pinned -> GPU, packed -> kernel -> GPU, weights -> pinned -> caller
//
// There are kSlots such ways, each with a stream of its own, and the memory of all of them together is limited.
#pragma once

#include "../api/device.h"
#include "../cpu/pool.h"
#include "context.h"

namespace qn::cuda {

class Staging {
 public:
  // Takes `limit` bytes of the GPU and as many of pinned memory; if they cannot be had, half of that, and so on down to
  // QN_MEMORY_LIMIT_MIN. `threads` threads copy between the caller's and pinned memory. The context is current.
  static qn_status create(Context& context, uint64_t limit, uint32_t threads, Staging*& staging);

  // The context is current.
  ~Staging();

  // Decodes work whose source is the caller's memory. The weights go to work.destination, or, if `address` is not 0, to
  // that address on the GPU. Returns when all is done. One call at a time; the context is current.
  qn_status run(const DequantizeWork& work, uint64_t address, const char*& kernel);

  // The same for a packed matrix, to work.destination. Its arrays are on the GPU as a whole while the call lasts, in
  // memory of their own besides the limit; results come back chunk by chunk.
  qn_status run(const MatrixWork& work, const char*& kernel);

  // The memory of the GPU that this takes besides the limit.
  static uint64_t bytes_besides(const MatrixWork& work);

  // Encodes work whose numbers and blocks are the caller's memory. `first_nonfinite` becomes the place of the first
  // number that is not finite, which ends the work; it is kAllFinite before, and stays so if there is none or the work
  // allows it.
  qn_status run(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel);

  // The importance is on the GPU as a whole while the call lasts, besides the limit.
  static uint64_t bytes_besides(const QuantizeWork& work);

 private:
  static constexpr int kSlots = 2;

  struct Slot {
    CUstream stream = nullptr;
    uint8_t* host = nullptr;
    CUdeviceptr device = 0;
    // The chunk on its way; of a matrix, in bytes of results; to be encoded, in blocks of the results.
    uint64_t first = 0, blocks = 0;
  };

  Staging(Context& context) : context_(context) {}
  qn_status take_memory(uint64_t limit);
  qn_status take_bytes(size_t bytes);
  void give_back_memory();
  qn_status begin(Slot& slot, const DequantizeWork& work, uint64_t address, const char*& kernel);
  qn_status finish(Slot& slot, const DequantizeWork& work, uint64_t address);
  // Between the caller's and pinned memory, by all threads.
  void copy(uint8_t* to, const uint8_t* from, uint64_t bytes);
  // What is still under way uses memory that the next call needs.
  void settle();
  // To an address of its own on the GPU, by way of the slots, of which `next` is the first.
  qn_status send(CUdeviceptr to, const uint8_t* from, uint64_t size, int& next);
  // Waits until all of that has arrived.
  qn_status arrive();
  qn_status upload(const portable::Matrix& matrix, int layout, CUdeviceptr to, portable::Matrix& on_gpu);
  qn_status decode(const MatrixWork& work, portable::MatrixTask& task, const char*& kernel);
  qn_status begin(Slot& slot, const MatrixWork& work, const portable::MatrixTask& task, const char*& kernel);
  qn_status finish(Slot& slot, const MatrixWork& work);
  qn_status encode(const QuantizeWork& work, const portable::EncodeTask& task, uint64_t& first_nonfinite,
                   const char*& kernel);
  qn_status begin(Slot& slot, const QuantizeWork& work, const portable::EncodeTask& whole, const char*& kernel);
  qn_status finish(Slot& slot, const QuantizeWork& work, uint64_t& first_nonfinite);

  Context& context_;
  Pool* pool_ = nullptr;
  size_t slot_bytes_ = 0;
  uint8_t* host_ = nullptr;
  CUdeviceptr device_ = 0;
  Slot slots_[kSlots];
};

}  // namespace qn::cuda
