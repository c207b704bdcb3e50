// SPDX-License-Identifier: MIT
//
// GPUs: finding, describing, opening and refusing them.
#include <cstring>

#include "support/fake_gpu.h"

using namespace test;

namespace {

class CudaDevice : public FakeGpu {};

TEST_F(CudaDevice, IsListedAndDescribed) {
  fake_cuda_configure("devices=2 memory=8589934592 version=12080 capability=90 capability1=86");
  ASSERT_EQ(3u, qn_device_count());
  qn_device_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(QN_OK, qn_device_at(2, &info)) << qn_last_error();
  EXPECT_EQ(QN_DEVICE_CUDA, info.kind);
  EXPECT_EQ(1u, info.index);
  EXPECT_STREQ("cuda:1", info.name);
  EXPECT_STREQ("Fake GPU 1, 8.0 GiB, compute capability 8.6, driver for CUDA 12.8", info.description);
  EXPECT_EQ(8589934592u, info.memory_total);
  EXPECT_EQ(0u, info.memory_free) << "only a context can tell";
  EXPECT_EQ(8u, info.compute_major);
  EXPECT_EQ(6u, info.compute_minor);
  EXPECT_EQ(12080u, info.driver_version);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_at(3, &info));
  EXPECT_EQ(0, fake_cuda_calls("cuDevicePrimaryCtxRetain")) << "describing made a context";

  const Device device = open_gpu("cuda:1");
  EXPECT_STREQ("cuda:1", describe(device.get()).name);
  EXPECT_EQ(8589934592u, describe(device.get()).memory_free);
}

TEST_F(CudaDevice, IsDescribedToCallersWithOlderHeaders) {
  const Device device = open_gpu();
  qn_device_info info{};
  std::memset(&info, 0x5a, sizeof info);
  info.struct_size = offsetof(qn_device_info, memory_total);
  ASSERT_EQ(QN_OK, qn_device_describe(device.get(), &info));
  EXPECT_STREQ("cuda:0", info.name);
  EXPECT_EQ(0x5a5a5a5a5a5a5a5au, info.memory_total);
}

TEST_F(CudaDevice, SaysWhyItCannotBeHad) {
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, status_of_opening("cuda:1"));
  EXPECT_STREQ("cuda:1 cannot be had: this machine has 1 CUDA device", qn_last_error());

  fake_cuda_configure("devices=0");
  EXPECT_EQ(1u, qn_device_count());
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, status_of_opening("cuda:0"));
  EXPECT_STREQ("cuda:0 cannot be had: the NVIDIA driver finds no CUDA device", qn_last_error());

  fake_cuda_configure("version=10020");
  EXPECT_EQ(1u, qn_device_count());
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, status_of_opening("cuda:0"));
  EXPECT_STREQ("cuda:0 cannot be had: the NVIDIA driver is too old: it knows CUDA 10.2, needed is 11.0 or later",
               qn_last_error());

  fake_cuda_configure("capability=61");
  EXPECT_EQ(1u, qn_device_count());
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, status_of_opening("cuda:0"));
  EXPECT_STREQ("cuda:0 cannot be had: Fake GPU 0 has compute capability 6.1, needed is 7.5 or later", qn_last_error());

  fake_cuda_configure("fail=cuDevicePrimaryCtxRetain:1:2");
  EXPECT_EQ(QN_ERROR_OUT_OF_MEMORY, status_of_opening("cuda:0"));
  EXPECT_STREQ(
      "cuda:0 cannot be had: making a context fails with CUDA_ERROR_OUT_OF_MEMORY (as the fake driver was told)",
      qn_last_error());

  // What drivers say for the rest of a process in which a kernel went astray.
  fake_cuda_configure("fail=cuDevicePrimaryCtxRetain:1:700");
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, status_of_opening("cuda:0"));
  EXPECT_STREQ(
      "cuda:0 cannot be had: making a context fails with CUDA_ERROR_ILLEGAL_ADDRESS (as the fake driver was told); the "
      "GPU was lost, and can be had again in another process",
      qn_last_error());
  EXPECT_EQ(QN_OK, status_of_opening("cuda:0"));
}

TEST_F(CudaDevice, IsWhatAutoTakesFirst) {
  qn_device* opened = nullptr;
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &opened));
  EXPECT_STREQ("cuda:0", describe(opened).name);
  qn_device_close(opened);
}

TEST_F(CudaDevice, AutoGoesOnToTheNextAndSaysWhy) {
  fake_cuda_configure("devices=2 capability=61 capability1=90");
  EXPECT_EQ(2u, qn_device_count());
  qn_device* opened = nullptr;
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &opened));
  EXPECT_STREQ("cuda:1", describe(opened).name);
  EXPECT_STREQ(
      "Fake GPU 1, 1.0 GiB, compute capability 9.0, driver for CUDA 12.4; cuda:0 cannot be had: Fake GPU 0 has compute "
      "capability 6.1, needed is 7.5 or later",
      describe(opened).description);
  qn_device_close(opened);

  // Behind the one that is taken, too.
  fake_cuda_configure("devices=3 capability1=61");
  EXPECT_EQ(3u, qn_device_count());
  EXPECT_EQ(3u, qn_gpu_count());
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &opened));
  EXPECT_STREQ("cuda:0", describe(opened).name);
  EXPECT_STREQ(
      "Fake GPU 0, 1.0 GiB, compute capability 9.0, driver for CUDA 12.4; cuda:1 cannot be had: Fake GPU 1 has compute "
      "capability 6.1, needed is 7.5 or later",
      describe(opened).description);
  qn_device_close(opened);

  // A list that is too long is cut.
  fake_cuda_configure("devices=9 capability=61");
  EXPECT_EQ(1u, qn_device_count());
  EXPECT_EQ(9u, qn_gpu_count());
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &opened));
  EXPECT_STREQ("cpu", describe(opened).name);
  EXPECT_NE(nullptr, std::strstr(describe(opened).description, "; cuda:1 cannot be had: Fake GPU 1"));
  qn_device_close(opened);

  fake_cuda_configure("version=10020");
  EXPECT_EQ(0u, qn_gpu_count());

  fake_cuda_configure("fail=cuDevicePrimaryCtxRetain:1:2");
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &opened));
  EXPECT_STREQ("cpu", describe(opened).name);
  EXPECT_NE(nullptr, std::strstr(describe(opened).description, "; cuda:0 cannot be had: making a context fails with"))
      << describe(opened).description;
  qn_device_close(opened);
}

TEST_F(CudaDevice, ChecksItsOptions) {
  qn_device_options options = options_for(QN_ISA_AUTO, 1025);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, status_of_opening("cuda:0", &options));
  options.threads = 1;
  options.memory_limit = QN_MEMORY_LIMIT_MIN - 1;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, status_of_opening("cuda:0", &options));
  EXPECT_STREQ("options.memory_limit is 1048575, expected at least 1048576", qn_last_error());
  options.struct_size = offsetof(qn_device_options, memory_limit);  // an older caller
  EXPECT_EQ(QN_OK, status_of_opening("cuda:0", &options));
}

TEST_F(CudaDevice, NamesTheKernelOfEachFormat) {
  const Device device = open_gpu();
  for (const qn_format_info& format : formats())
    for (const qn_format output : kOutputs) {
      qn_capability capability{};
      capability.struct_size = sizeof capability;
      ASSERT_EQ(QN_OK, qn_device_capability(device.get(), QN_OPERATION_DEQUANTIZE, format.format, output, &capability));
      EXPECT_EQ(1u, capability.supported) << format.name;
      EXPECT_EQ(0, std::strncmp("sm_", capability.kernel, 3)) << capability.kernel;
      EXPECT_NE(nullptr, std::strstr(capability.kernel, format.name)) << capability.kernel;
    }
  EXPECT_EQ(0, fake_cuda_calls("cuModuleLoadDataEx")) << "asking compiled something";
}

TEST_F(CudaDevice, LoadsAFormatOnce) {
  const Device device = open_gpu();
  const std::vector<uint8_t> blocks(144 * 3);
  for (int i = 0; i < 3; i++)
    for (const qn_format output : kOutputs)
      dequantize(device.get(), QN_FORMAT_Q4_K, blocks, output);
  EXPECT_EQ(1, fake_cuda_calls("cuModuleLoadDataEx"));
  dequantize(device.get(), QN_FORMAT_Q6_K, std::vector<uint8_t>(210), QN_FORMAT_F32);
  EXPECT_EQ(2, fake_cuda_calls("cuModuleLoadDataEx"));
}

// An image's language may be newer than the driver; another image then does, and its name is told.
TEST_F(CudaDevice, TakesAnImageThatTheDriverKnows) {
  fake_cuda_configure("version=11000");
  const Device device = open_gpu();
  for (const qn_format_info& format : formats()) {
    dequantize(device.get(), format.format, std::vector<uint8_t>(format.bytes_per_block), QN_FORMAT_F32);
    qn_capability capability{};
    capability.struct_size = sizeof capability;
    ASSERT_EQ(QN_OK,
              qn_device_capability(device.get(), QN_OPERATION_DEQUANTIZE, format.format, QN_FORMAT_F32, &capability));
    EXPECT_STREQ(qn_last_kernel(), capability.kernel);
  }
}

TEST_F(CudaDevice, ReportsWhatTheCompilerSays) {
  const Device device = open_gpu();
  fake_cuda_add("fail=cuModuleLoadDataEx:1:218");
  std::vector<uint8_t> source(144), weights(1024);
  EXPECT_EQ(QN_ERROR_DRIVER, qn_dequantize(device.get(), QN_FORMAT_Q4_K, source.data(), 144, QN_FORMAT_F32,
                                           weights.data(), weights.size()));
  EXPECT_NE(nullptr, std::strstr(qn_last_error(),
                                 "of Q4_K (ptxas application ptx input, line 7; fatal   : Parsing error "
                                 "ptxas fatal : Ptx assembly aborted) fails with CUDA_ERROR_INVALID_PTX"))
      << qn_last_error();
  EXPECT_EQ(QN_OK, qn_dequantize(device.get(), QN_FORMAT_Q4_K, source.data(), 144, QN_FORMAT_F32, weights.data(),
                                 weights.size()));
}

TEST_F(CudaDevice, SharesItsContextWithWhatWasMadeFromIt) {
  Stream stream;
  Buffer buffer;
  {
    const Device device = open_gpu();
    stream = make_stream(device);
    buffer = make_buffer(device, 100);
  }
  EXPECT_EQ(1, fake_cuda_counts().contexts);
  EXPECT_EQ(QN_OK, qn_copy_to_device(stream.get(), "abc", address(buffer), 3)) << qn_last_error();
  EXPECT_EQ(QN_OK, qn_stream_synchronize(stream.get()));
  buffer.reset();
  stream.reset();
  EXPECT_EQ(0, fake_cuda_counts().contexts);
}

}  // namespace
