// SPDX-License-Identifier: MIT
#include "staging.h"

#include <string.h>

#include <new>

#include "../api/error.h"

namespace qn::cuda {
namespace {

// A thread's share of a copy: enough that handing it out costs nothing.
constexpr size_t kBytesPerPiece = size_t{1} << 20;

// Where weights begin in a slot, behind the packed blocks; and of how many blocks chunks are multiples, if they are
// that long. Both keep the addresses that kernels see aligned.
constexpr size_t kAlignment = 256;
constexpr uint64_t kChunkMultiple = 1024;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Blocks of a chunk: packed, and decoded unless the weights stay on the GPU.
uint64_t chunk_blocks(size_t slot_bytes, const DequantizeWork& work, bool stay) {
  const uint64_t fitting =
      (slot_bytes - kAlignment) / (work.source_block + (stay ? size_t{0} : work.destination_block));
  return fitting < kChunkMultiple ? fitting : fitting / kChunkMultiple * kChunkMultiple;
}

// Copying blocks in, as the threads of the pool see it. Rows of a list are gathered on the way.
struct CopyIn {
  const DequantizeWork& work;
  uint64_t first;  // the chunk's first block among all blocks of the result
  uint8_t* to;

  static void run(const void* context, uint64_t begin, uint64_t end) {
    const CopyIn& copy = *static_cast<const CopyIn*>(context);
    const DequantizeWork& work = copy.work;
    while (begin < end) {
      uint64_t from = copy.first + begin, count = end - begin;
      if (work.rows) {
        const uint64_t inside = from % work.blocks;
        if (count > work.blocks - inside) count = work.blocks - inside;
        from = work.rows[from / work.blocks] * work.blocks + inside;
      }
      memcpy(copy.to + begin * work.source_block, work.source + from * work.source_block, count * work.source_block);
      begin += count;
    }
  }
};

struct Copy {
  const uint8_t* from;
  uint8_t* to;

  static void run(const void* context, uint64_t begin, uint64_t end) {
    const Copy& copy = *static_cast<const Copy*>(context);
    memcpy(copy.to + begin, copy.from + begin, end - begin);
  }
};

}  // namespace

qn_status Staging::create(Context& context, uint64_t limit, uint32_t threads, Staging*& staging) {
  Staging* const created = new (std::nothrow) Staging(context);
  qn_status status = QN_ERROR_OUT_OF_MEMORY;
  if (created) created->pool_ = Pool::create(threads, status);
  if (!created || !created->pool_) {
    delete created;
    return status == QN_ERROR_SYSTEM ? fail(status, "the operating system refused to start %u threads", threads - 1)
                                     : fail(status, "no memory for staging with %u threads", threads);
  }
  status = created->take_memory(limit);
  for (Slot& slot : created->slots_)
    if (status == QN_OK)
      status = context.check(context.driver().stream_create(&slot.stream, CU_STREAM_NON_BLOCKING), "making a stream");
  if (status != QN_OK) {
    delete created;
    return status;
  }
  staging = created;
  return QN_OK;
}

Staging::~Staging() {
  for (Slot& slot : slots_)
    if (slot.stream) context_.driver().stream_destroy(slot.stream);
  give_back_memory();
  Pool::destroy(pool_);
}

qn_status Staging::take_memory(uint64_t limit) {
  for (size_t bytes = limit;; bytes = bytes / 2 > QN_MEMORY_LIMIT_MIN ? bytes / 2 : QN_MEMORY_LIMIT_MIN) {
    const qn_status status = take_bytes(bytes);
    if (status != QN_ERROR_OUT_OF_MEMORY || bytes <= QN_MEMORY_LIMIT_MIN) return status;
  }
}

qn_status Staging::take_bytes(size_t bytes) {
  const Driver& driver = context_.driver();
  qn_status status = context_.check_memory(driver.mem_alloc(&device_, bytes), "staging", bytes);
  if (status != QN_OK) {
    device_ = 0;
    return status;
  }
  void* memory = nullptr;
  status = context_.check_memory(driver.mem_host_alloc(&memory, bytes, 0), "pinned staging", bytes);
  if (status != QN_OK) {
    give_back_memory();
    return status;
  }
  host_ = static_cast<uint8_t*>(memory);
  slot_bytes_ = bytes / kSlots / kAlignment * kAlignment;
  for (int i = 0; i < kSlots; i++) {
    slots_[i].host = host_ + i * slot_bytes_;
    slots_[i].device = device_ + i * slot_bytes_;
  }
  return QN_OK;
}

void Staging::give_back_memory() {
  if (host_) context_.driver().mem_free_host(host_);
  if (device_) context_.driver().mem_free(device_);
  host_ = nullptr;
  device_ = 0;
}

qn_status Staging::run(const DequantizeWork& work, uint64_t address, const char*& kernel) {
  const uint64_t total = work.rows ? work.blocks * work.row_count : work.blocks;
  const uint64_t chunk = chunk_blocks(slot_bytes_, work, address != 0);
  const char* ran = "";
  qn_status status = QN_OK;
  for (Slot& slot : slots_)
    slot.blocks = 0;
  int next = 0;
  for (uint64_t first = 0; first < total && status == QN_OK; first += chunk, next = (next + 1) % kSlots) {
    Slot& slot = slots_[next];
    status = finish(slot, work, address);
    if (status != QN_OK) break;
    slot.first = first;
    slot.blocks = total - first < chunk ? total - first : chunk;
    status = begin(slot, work, address, ran);
  }
  for (int i = 0; i < kSlots && status == QN_OK; i++)
    status = finish(slots_[(next + i) % kSlots], work, address);
  if (status == QN_OK) {
    kernel = ran;
    return QN_OK;
  }
  settle();
  return status;
}

void Staging::settle() {
  for (Slot& slot : slots_)
    context_.driver().stream_synchronize(slot.stream);
}

void Staging::copy(uint8_t* to, const uint8_t* from, uint64_t bytes) {
  const Copy copy{from, to};
  pool_->run(bytes, kBytesPerPiece, Copy::run, &copy);
}

qn_status Staging::send(CUdeviceptr to, const uint8_t* from, uint64_t size, int& next) {
  const Driver& driver = context_.driver();
  for (uint64_t done = 0, now; done < size; done += now, next = (next + 1) % kSlots) {
    Slot& slot = slots_[next];
    now = size - done < slot_bytes_ ? size - done : slot_bytes_;
    qn_status status = context_.check(driver.stream_synchronize(slot.stream), "copying to the GPU");
    if (status != QN_OK) return status;
    copy(slot.host, from + done, now);
    status = context_.check(driver.memcpy_htod_async(to + done, slot.host, now, slot.stream), "copying to the GPU");
    if (status != QN_OK) return status;
  }
  return QN_OK;
}

qn_status Staging::arrive() {
  for (Slot& slot : slots_)
    if (const qn_status status =
            context_.check(context_.driver().stream_synchronize(slot.stream), "copying to the GPU");
        status != QN_OK)
      return status;
  return QN_OK;
}

qn_status Staging::begin(Slot& slot, const DequantizeWork& work, uint64_t address, const char*& kernel) {
  const Driver& driver = context_.driver();
  const size_t packed = slot.blocks * work.source_block;
  const size_t weights = slot.blocks * work.destination_block;
  const CopyIn copy{work, slot.first, slot.host};
  const uint64_t grain = kBytesPerPiece / work.source_block;
  pool_->run(slot.blocks, grain ? grain : 1, CopyIn::run, &copy);

  const uint64_t destination = address ? address + slot.first * work.destination_block : slot.device + aligned(packed);
  qn_status status =
      context_.check(driver.memcpy_htod_async(slot.device, slot.host, packed, slot.stream), "copying to the GPU");
  if (status == QN_OK)
    status = context_.launch(slot.stream, work.format, work.output, slot.device, destination, slot.blocks, kernel);
  if (status == QN_OK && !address)
    status = context_.check(driver.memcpy_dtoh_async(slot.host + aligned(packed), destination, weights, slot.stream),
                            "copying from the GPU");
  return status;
}

qn_status Staging::finish(Slot& slot, const DequantizeWork& work, uint64_t address) {
  if (slot.blocks == 0) return QN_OK;
  const qn_status status = context_.check(context_.driver().stream_synchronize(slot.stream), "decoding");
  if (status != QN_OK) return status;
  if (!address)
    copy(work.destination + slot.first * work.destination_block, slot.host + aligned(slot.blocks * work.source_block),
         slot.blocks * work.destination_block);
  slot.blocks = 0;
  return QN_OK;
}

}  // namespace qn::cuda
