// SPDX-License-Identifier: MIT
//
// Memory between two unreadable pages, made once and used by every input: mapping it anew would take longer than the
// decoding.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "support/checks.h"
#include "support/input.h"

namespace fuzz {

class Arena {
 public:
  static constexpr uint8_t kUntouched = 0xa5;

  explicit Arena(size_t room) : room_(room) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    check(room % page == 0, "an arena of %zu bytes is not whole pages", room);
    void* const map = mmap(nullptr, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(map != MAP_FAILED, "no memory for an arena of %zu bytes", room);
    begin_ = static_cast<uint8_t*>(map) + page;
    check(mprotect(begin_, room, PROT_READ | PROT_WRITE) == 0, "mprotect failed");
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // A place for `size` bytes that `where` chooses: it ends at the unreadable page (0), up to 127 bytes before it, or
  // begins up to 127 bytes behind the other one (128 to 255). So every alignment and both ends come up.
  uint8_t* place(size_t size, uint8_t where) {
    const size_t away = where % 128u;
    check(size + away <= room_, "%zu bytes do not fit into an arena of %zu", size, room_);
    size_ = size;
    data_ = where < 128 ? begin_ + room_ - size - away : begin_ + away;
    return data_;
  }
  uint8_t* place(Bytes content, uint8_t where) {
    place(content.size, where);
    if (content.size) std::memcpy(data_, content.data, content.size);
    return data_;
  }

  const uint8_t* data() const { return data_; }

  // Marks the place and what is beside it, to be looked at after a call.
  void mark() {
    const uint8_t* const first = before().data;
    std::memset(begin_ + (first - begin_), kUntouched, before().size + size_ + behind().size);
  }
  void check_nothing_beside_was_written(const char* who) const {
    check(is_untouched(before()), "%s wrote before the destination", who);
    check(is_untouched(behind()), "%s wrote behind the destination", who);
  }
  void check_nothing_was_written(const char* who) const {
    check_nothing_beside_was_written(who);
    check(is_untouched({data_, size_}), "%s wrote, and failed", who);
  }

 private:
  static constexpr size_t kBeside = 256;

  static bool is_untouched(Bytes bytes) {
    for (size_t i = 0; i < bytes.size; i++)
      if (bytes.data[i] != kUntouched) return false;
    return true;
  }
  Bytes before() const {
    const size_t room = static_cast<size_t>(data_ - begin_), size = room < kBeside ? room : kBeside;
    return {data_ - size, size};
  }
  Bytes behind() const {
    const size_t room = static_cast<size_t>(begin_ + room_ - data_) - size_;
    return {data_ + size_, room < kBeside ? room : kBeside};
  }

  const size_t room_;
  uint8_t* begin_;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace fuzz
