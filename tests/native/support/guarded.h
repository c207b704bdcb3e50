// SPDX-License-Identifier: MIT
//
// Buffers that end (or begin) at an unreadable page: one byte too far is a crash, not luck.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace test {

enum class Guard { kBehind, kBefore };

class Guarded {
 public:
  explicit Guarded(size_t size, Guard guard = Guard::kBehind) : size_(size) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t room = (size + page - 1) / page * page;
    mapped_ = room + 2 * page;
    void* const map = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || (room && mprotect(static_cast<uint8_t*>(map) + page, room, PROT_READ | PROT_WRITE)))
      throw std::runtime_error("no memory for a guarded buffer");
    base_ = static_cast<uint8_t*>(map);
    data_ = base_ + page + (guard == Guard::kBehind ? room - size : 0);
  }
  Guarded(const std::vector<uint8_t>& content, Guard guard) : Guarded(content.size(), guard) {
    if (size_) std::memcpy(data_, content.data(), size_);
  }
  ~Guarded() { munmap(base_, mapped_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  uint8_t* data() { return data_; }
  size_t size() const { return size_; }
  std::vector<uint8_t> content() const { return {data_, data_ + size_}; }

 private:
  size_t size_, mapped_;
  uint8_t *base_, *data_;
};

}  // namespace test
