// SPDX-License-Identifier: MIT
//
// Stand-ins: the scalar kernels of the CPU, by the names of the entries.
#include "kernels.h"

#include <map>

#include "cpu/kernels.h"
#include "formats/formats.h"

namespace fake_cuda {
namespace {

void run(const Kernel& kernel, const Grid&, const uint8_t* source, uint8_t* destination, uint64_t blocks) {
  qn::scalar::kKernels.rows[kernel.format].dequantize[kernel.output](source, destination, blocks);
}

std::map<std::string, Kernel> all_kernels() {
  std::map<std::string, Kernel> all;
  const char* const outputs[] = {"_f32", "_f16", "_bf16"};
  int format = 0;
  const auto add = [&](const char* name, size_t packed, size_t values) {
    for (int output = 0; output < 3; output++)
      all[std::string(name) + outputs[output]] = {packed, values * (output == 0 ? 4 : 2), run, format, output};
    format++;
  };
#define QN_ADD(format, number) add(#format, sizeof(qn::portable::format), qn::portable::format::kValues);
  QN_FORMATS(QN_ADD)
#undef QN_ADD
  return all;
}

}  // namespace

const Kernel* find_kernel(const std::string& entry) {
  static const std::map<std::string, Kernel> all = all_kernels();
  const auto found = all.find(entry);
  return found == all.end() ? nullptr : &found->second;
}

}  // namespace fake_cuda
