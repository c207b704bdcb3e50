// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "gpu.h"

namespace test {

// A matrix whose arrays were moved to the GPU.
class OnGpuMatrix {
 public:
  OnGpuMatrix(const Device& gpu, const Stream& stream, const qn_matrix& on_host) : view_(on_host) {
    move(gpu, stream, view_.codes, view_.codes_size);
    move(gpu, stream, view_.scales, view_.scales_size);
    move(gpu, stream, view_.zeros, view_.zeros_size);
    move(gpu, stream, view_.group_index, view_.group_index_size);
    move(gpu, stream, view_.levels, view_.levels_size);
    move(gpu, stream, view_.scale_levels, view_.scale_levels_size);
    move(gpu, stream, view_.scale_scales, view_.scale_scales_size);
  }
  const qn_matrix* view() const { return &view_; }

 private:
  void move(const Device& gpu, const Stream& stream, const void*& array, size_t size) {
    if (!array) return;
    buffers_.push_back(make_buffer(gpu, size));
    EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), array, address(buffers_.back()), size)) << qn_last_error();
    array = reinterpret_cast<const void*>(static_cast<uintptr_t>(address(buffers_.back())));
  }

  qn_matrix view_;
  std::vector<Buffer> buffers_;
};

}  // namespace test
