// SPDX-License-Identifier: MIT
#include "kernels.h"

#include <map>

#include "../cuda/kernels.h"
#include "cpu/kernels.h"
#include "formats/formats.h"

namespace fake_cuda {
namespace {

std::map<std::string, Kernel> all_kernels() {
  std::map<std::string, Kernel> all;
  const char* const outputs[] = {"_f32", "_f16", "_bf16"};
  int format = 0;
  const auto add = [&](const char* name, size_t packed, size_t values) {
    for (int output = 0; output < 3; output++)
      all[std::string(name) + outputs[output]] = {packed,  values * (output == 0 ? 4 : 2), format, output,
                                                  nullptr, Parameters::kAddresses};
    all[std::string("quantize_") + name] = {values, packed, format, 0, nullptr, Parameters::kEncodeTask};
    format++;
  };
#define QN_ADD(format, number) add(#format, sizeof(qn::portable::format), qn::portable::format::kValues);
  QN_FORMATS(QN_ADD)
#undef QN_ADD
  for (const emulation::Kernel& kernel : emulated::kernels())
    all[kernel.name].emulated = kernel.entry;
  for (const emulation::Kernel& kernel : emulated_matrix::kernels())
    all[kernel.name] = {0, 0, 0, 0, kernel.entry, Parameters::kMatrixTask};
  for (const emulation::Kernel& kernel : emulated_encode::kernels())
    all[kernel.name].emulated = kernel.entry;
  return all;
}

}  // namespace

const Kernel* find_kernel(const std::string& entry) {
  static const std::map<std::string, Kernel> all = all_kernels();
  const auto found = all.find(entry);
  return found == all.end() || !found->second.emulated ? nullptr : &found->second;
}

std::string run(const Kernel& kernel, Runs how, unsigned grid, unsigned threads, const uint8_t* source,
                uint8_t* destination, uint64_t blocks) {
  if (how == Runs::kEmulated || kernel.parameters != Parameters::kAddresses)
    return emulation::launch(kernel.emulated, grid, threads, emulation::Order::kShuffled, source, destination, blocks);
  qn::scalar::kKernels.rows[kernel.format].dequantize[kernel.output](source, destination, blocks);
  return "";
}

}  // namespace fake_cuda
