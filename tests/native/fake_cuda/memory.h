// SPDX-License-Identifier: MIT
//
// Memory of the fake GPU: readable only while the driver works on it, between guard pages.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace fake_cuda {

class DeviceMemory {
 public:
  explicit DeviceMemory(size_t size) : size_(size) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    room_ = (size + page - 1) / page * page;
    mapped_ = room_ + 2 * page;
    void* const map = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<uint8_t*>(map);
    pages_ = base_ + page;
    // As near to the guard page behind it as the alignment that a driver promises allows.
    data_ = pages_ + (room_ - size) / kAlignment * kAlignment;
    const Open open(*this);
    std::memset(pages_, kRubbish, room_);
  }
  ~DeviceMemory() { munmap(base_, mapped_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  uint64_t address() const { return reinterpret_cast<uintptr_t>(data_); }
  size_t size() const { return size_; }
  bool holds(uint64_t address, size_t bytes) const {
    return address >= this->address() && address - this->address() <= size_ &&
           bytes <= size_ - (address - this->address());
  }

  // Bytes around the allocation, up to the guard pages, that somebody has written.
  bool overrun() const {
    const Open open(*this);
    for (const uint8_t* p = pages_; p < pages_ + room_; p++)
      if (*p != kRubbish && (p < data_ || p >= data_ + size_)) return true;
    return false;
  }

  // While it lives, the memory can be read and written.
  class Open {
   public:
    explicit Open(const DeviceMemory& memory) : memory_(memory) { protect(PROT_READ | PROT_WRITE); }
    ~Open() { protect(PROT_NONE); }

   private:
    void protect(int how) const { mprotect(memory_.pages_, memory_.room_, how); }
    const DeviceMemory& memory_;
  };

  static constexpr uint8_t kRubbish = 0xcd;

 private:
  static constexpr size_t kAlignment = 256;
  size_t size_, room_, mapped_;
  uint8_t *base_, *pages_, *data_;
};

}  // namespace fake_cuda
