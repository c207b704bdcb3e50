// SPDX-License-Identifier: MIT
//
// A GPU as a device: the context that all its streams, events and buffers share, and the staging for work on the
// caller's memory.
#pragma once

#include <mutex>

#include "../cuda/context.h"
#include "../cuda/staging.h"
#include "device.h"

namespace qn {

class CudaDevice final : public qn_device {
 public:
  // Takes over the caller's reference to the context. `note` ends the description.
  CudaDevice(cuda::Context& context, const qn_device_options& options, const char* note);
  ~CudaDevice() override;

  void describe(qn_device_info& info) const override;
  qn_capability capability(qn_operation operation, int format, int column) const override;
  qn_capability matrix_capability(qn_operation operation, int layout, uint32_t bits, int output) const override;
  qn_status dequantize(const DequantizeWork& work, const char*& kernel) override;
  qn_status dequantize(const MatrixWork& work, const char*& kernel) override;
  qn_status quantize(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel) override;
  CudaDevice* cuda() override { return this; }

  // dequantize() with weights that stay at an address on the GPU.
  qn_status dequantize_to(uint64_t address, const DequantizeWork& work, const char*& kernel);

  cuda::Context& context() const { return context_; }

 private:
  // Makes the staging if it is needed for the first time. One call at a time. The work needs `besides` bytes of the GPU
  // besides it, for `what`.
  template <class Call>
  qn_status with_staging(uint64_t besides, const char* what, Call call);
  qn_status make_room(uint64_t besides, const char* what, uint64_t& limit);

  cuda::Context& context_;
  const uint32_t threads_;
  const uint64_t memory_limit_;
  char note_[256];
  std::mutex staging_busy_;
  cuda::Staging* staging_ = nullptr;  // made when first needed
};

// QN_OK, or fail(): no encoder for the format of the work, or none for GPUs.
qn_status check_encoder(const cuda::Context& context, const QuantizeWork& work);

// The GPU of a device; nullptr after fail(): it is null or has none.
CudaDevice* require_cuda(qn_device* device, qn_status& status);

// How many GPUs the driver finds, whether they can be used or not.
size_t gpu_count();

// How many GPUs of this machine can be used, and the `place`th of them, not opened.
size_t cuda_count();
qn_status cuda_info(size_t place, qn_device_info& info);

// Opens cuda:index.
qn_status open_cuda(int index, const qn_device_options& options, qn_device** device);

// Opens the first GPU that can be used; its description tells why others cannot. `refused` receives why none could.
qn_status open_any_cuda(const qn_device_options& options, qn_device** device, char (&refused)[256]);

}  // namespace qn
