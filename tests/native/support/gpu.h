// SPDX-License-Identifier: MIT
//
// GPUs for tests: what is made on them, and its end.
#pragma once

#include <memory>

#include "device.h"

namespace test {

inline qn_device_info describe(const qn_device* device) {
  qn_device_info info{};
  info.struct_size = sizeof info;
  EXPECT_EQ(QN_OK, qn_device_describe(device, &info)) << qn_last_error();
  return info;
}

// The status of opening a device, which is closed again.
inline qn_status status_of_opening(const char* name, const qn_device_options* options = nullptr) {
  qn_device* device = nullptr;
  const qn_status status = qn_device_open(name, options, &device);
  EXPECT_EQ(status == QN_OK, device != nullptr);
  qn_device_close(device);
  return status;
}

inline Device open_gpu(const char* name = "cuda:0", uint64_t memory_limit = QN_MEMORY_LIMIT_MIN) {
  qn_device_options options = options_for(QN_ISA_AUTO, 2);
  options.memory_limit = memory_limit;
  qn_device* device = nullptr;
  EXPECT_EQ(QN_OK, qn_device_open(name, &options, &device)) << qn_last_error();
  return Device(device);
}

struct Freer {
  void operator()(qn_stream* stream) const { qn_stream_close(stream); }
  void operator()(qn_event* event) const { qn_event_close(event); }
  void operator()(qn_buffer* buffer) const { qn_buffer_close(buffer); }
};
using Stream = std::unique_ptr<qn_stream, Freer>;
using Event = std::unique_ptr<qn_event, Freer>;
using Buffer = std::unique_ptr<qn_buffer, Freer>;

inline Stream make_stream(const Device& device) {
  qn_stream* stream = nullptr;
  EXPECT_EQ(QN_OK, qn_stream_create(device.get(), &stream)) << qn_last_error();
  return Stream(stream);
}

inline Event make_event(const Device& device) {
  qn_event* event = nullptr;
  EXPECT_EQ(QN_OK, qn_event_create(device.get(), &event)) << qn_last_error();
  return Event(event);
}

inline Buffer make_buffer(const Device& device, size_t size, qn_memory memory = QN_MEMORY_DEVICE) {
  qn_buffer* buffer = nullptr;
  EXPECT_EQ(QN_OK, qn_buffer_create(device.get(), memory, size, &buffer)) << qn_last_error();
  return Buffer(buffer);
}

inline uint64_t address(const Buffer& buffer) { return qn_buffer_address(buffer.get()); }
inline uint8_t* pinned(const Buffer& buffer) {
  return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(qn_buffer_address(buffer.get())));
}

}  // namespace test
