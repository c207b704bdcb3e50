// SPDX-License-Identifier: MIT
//
// The fuzzer's bytes, taken one after the other; zeros when there are no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fuzz {

struct Bytes {
  const uint8_t* data;
  size_t size;
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : left_{data, size} {}

  uint8_t byte() { return number<uint8_t>(); }

  template <class T>
  T number() {
    T value = 0;
    const Bytes bytes = take(sizeof value);
    if (bytes.size) std::memcpy(&value, bytes.data, bytes.size);
    return value;
  }

  // At most `size` bytes.
  Bytes take(size_t size) {
    const Bytes taken = {left_.data, size < left_.size ? size : left_.size};
    left_.data += taken.size;
    left_.size -= taken.size;
    return taken;
  }

 private:
  Bytes left_;
};

}  // namespace fuzz
