// SPDX-License-Identifier: MIT
//
// Devices: names, options, descriptions, and many threads on one of them.
#include <cstdlib>
#include <cstring>
#include <thread>

#include "support/device.h"
#include "support/reference.h"

using namespace test;

namespace {

qn_status open(const char* name, const qn_device_options* options = nullptr) {
  qn_device* device = reinterpret_cast<qn_device*>(0x5a);
  const qn_status status = qn_device_open(name, options, &device);
  EXPECT_EQ(status == QN_OK, device != nullptr);
  qn_device_close(device);
  return status;
}

qn_device_info describe(const qn_device* device) {
  qn_device_info info{};
  info.struct_size = sizeof info;
  EXPECT_EQ(QN_OK, qn_device_describe(device, &info));
  return info;
}

// Sets an environment variable while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(DeviceName, OpensOrSaysWhyNot) {
  EXPECT_EQ(QN_OK, open("cpu"));
  EXPECT_EQ(QN_OK, open("auto"));
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, open("cuda:99"));
  EXPECT_EQ(0, std::strncmp("cuda:99 cannot be had: ", qn_last_error(), 23)) << qn_last_error();
  for (const char* name :
       {"", "CPU", "cpu ", "cpu:0", "cuda", "cuda:", "cuda:-1", "cuda:00", "cuda:1x", "cuda:123456", "gpu", "auto:0"})
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open(name)) << name;
  EXPECT_STREQ("'auto:0' is no device name, expected cpu, cuda:N or auto", qn_last_error());
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("x\n\x1b[31m"));
  EXPECT_STREQ("'x??[31m' is no device name, expected cpu, cuda:N or auto", qn_last_error());
  const std::string sixty(60, 'x');
  const std::string cut[][2] = {{sixty + "abcdef", sixty + "abcd"},
                                {sixty + "ab\xc3\xa9"
                                         "f",
                                 sixty + "ab\xc3\xa9"},
                                {sixty + "abc\xc3\xa9", sixty + "abc"},
                                {sixty + "a\xf0\x9f\x8d\xb0", sixty + "a"},
                                {std::string(70, '\x80'), std::string(64, '\x80')}};
  for (const auto& [name, quoted] : cut) {
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open(name.c_str()));
    EXPECT_EQ("'" + quoted + "' is no device name, expected cpu, cuda:N or auto", qn_last_error());
  }
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open(nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_open("cpu", nullptr, nullptr));
}

TEST(DeviceOptions, AreChecked) {
  auto options = options_for(QN_ISA_SCALAR, 1);
  EXPECT_EQ(QN_OK, open("cpu", &options));
  options.struct_size = 0;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("cpu", &options));
  options = options_for(QN_ISA_AUTO, 1025);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("cpu", &options));
  EXPECT_STREQ("1025 threads asked for, at most 1024 are allowed", qn_last_error());
  options = options_for(static_cast<qn_isa>(77), 1);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("cpu", &options));
  options = options_for(QN_ISA_AUTO, 1);
  options.reserved = 1;
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("cpu", &options));

  // A newer caller may have fields that this library does not know, as long as they are 0.
  struct {
    qn_device_options options;
    uint32_t later;
  } longer = {options_for(QN_ISA_AUTO, 1), 0};
  longer.options.struct_size = sizeof longer;
  EXPECT_EQ(QN_OK, open("cpu", &longer.options));
  longer.later = 1;
  EXPECT_EQ(QN_ERROR_UNSUPPORTED, open("cpu", &longer.options));
}

TEST(DeviceOptions, ForceAnInstructionSet) {
  for (const qn_isa_info& set : instruction_sets()) {
    const auto options = options_for(set.isa, 1);
    qn_device* opened = nullptr;
    const qn_status status = qn_device_open("cpu", &options, &opened);
    const Device device(opened);
    if (!set.available) {
      EXPECT_EQ(QN_ERROR_UNAVAILABLE, status);
      EXPECT_NE(nullptr, std::strstr(qn_last_error(), set.reason));
      EXPECT_NE(nullptr, std::strstr(qn_last_error(), "available: scalar"));
      continue;
    }
    ASSERT_EQ(QN_OK, status);
    const qn_device_info info = describe(opened);
    EXPECT_EQ(set.isa, info.isa);
    EXPECT_EQ(1u, info.threads);
    EXPECT_STREQ("cpu", info.name);
    EXPECT_NE(nullptr, std::strstr(info.description, set.name)) << info.description;
  }
}

TEST(DeviceEnvironment, ForcesAnInstructionSet) {
  const auto options = options_for(QN_ISA_AUTO, 1);
  {
    const Variable variable("QUANTNET_ISA", "scalar");
    qn_device* device = nullptr;
    ASSERT_EQ(QN_OK, qn_device_open("cpu", &options, &device));
    EXPECT_EQ(QN_ISA_SCALAR, describe(device).isa);
    qn_device_close(device);
    if (instruction_sets()[1].available) {  // the options win
      EXPECT_EQ(QN_ISA_AVX2, describe(open_cpu(QN_ISA_AVX2).get()).isa);
    }
  }
  {
    const Variable variable("QUANTNET_ISA", "sse9");
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("cpu"));
    EXPECT_NE(nullptr, std::strstr(qn_last_error(), "'sse9', which is no instruction set (available: scalar"));
  }
  {
    const Variable variable("QUANTNET_ISA", "");
    EXPECT_EQ(QN_OK, open("cpu"));
  }
}

TEST(DeviceList, DescribesTheCpuFirst) {
  ASSERT_GE(qn_device_count(), 1u);
  qn_device_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(QN_OK, qn_device_at(0, &info));
  EXPECT_EQ(QN_DEVICE_CPU, info.kind);
  EXPECT_STREQ("cpu", info.name);
  EXPECT_GE(info.threads, 1u);
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_at(qn_device_count(), &info));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_at(0, nullptr));
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, qn_device_describe(nullptr, &info));
}

TEST(DeviceAuto, SaysWhyThereIsNoGpu) {
  if (qn_device_count() > 1) GTEST_SKIP() << "there is a GPU";
  qn_device* device = nullptr;
  ASSERT_EQ(QN_OK, qn_device_open("auto", nullptr, &device));
  const std::string description = describe(device).description;
  qn_device_close(device);
  EXPECT_EQ(QN_ERROR_UNAVAILABLE, open("cuda:0"));
  const std::string reason = std::string(qn_last_error()).substr(std::strlen("cuda:0 cannot be had: "));
  EXPECT_NE(std::string::npos, description.find("; no CUDA device: " + reason)) << description;
}

TEST(Device, TellsWhichKernelRan) {
  const Device device = open_cpu(QN_ISA_SCALAR);
  dequantize(device.get(), QN_FORMAT_Q4_0, std::vector<uint8_t>(18), QN_FORMAT_F16);
  EXPECT_STREQ("scalar/Q4_0/f16", qn_last_kernel());
  std::thread([] { EXPECT_STREQ("", qn_last_kernel()); }).join();
  EXPECT_STREQ("scalar/Q4_0/f16", qn_last_kernel());
}

TEST(Device, KeepsErrorsOfThreadsApart) {
  EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("mine"));
  std::thread([] {
    EXPECT_STREQ("", qn_last_error());
    EXPECT_EQ(QN_ERROR_INVALID_ARGUMENT, open("theirs"));
  }).join();
  EXPECT_NE(nullptr, std::strstr(qn_last_error(), "mine"));
}

// Many callers on one pool: one of them has it, the others work alone, all get their own results.
TEST(Device, ServesManyThreads) {
  const Device device = open_cpu(QN_ISA_AUTO, 3);
  std::vector<std::thread> callers;
  for (uint64_t caller = 0; caller < 6; caller++)
    callers.emplace_back([&, caller] {
      const auto source = Random(seed() + caller).bytes(18 * (4096 + 64 * caller));
      const Device own = open_cpu(QN_ISA_SCALAR, 1);
      const auto expected = dequantize(own.get(), QN_FORMAT_Q4_0, source, QN_FORMAT_F32);
      for (int i = 0; i < (short_mode() ? 10 : 100); i++)
        ASSERT_EQ("",
                  difference(expected, dequantize(device.get(), QN_FORMAT_Q4_0, source, QN_FORMAT_F32), QN_FORMAT_F32));
    });
  for (std::thread& caller : callers)
    caller.join();
}

TEST(Device, OpensAndClosesOften) {
  for (int i = 0; i < (short_mode() ? 20 : 200); i++)
    open_cpu(QN_ISA_AUTO, 1 + i % 5);
  qn_device_close(nullptr);
}

}  // namespace
