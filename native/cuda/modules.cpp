// SPDX-License-Identifier: MIT
#include "modules.h"

#include <stdio.h>
#include <string.h>

#include <new>

#include "../api/error.h"
#include "../api/format_table.h"
#include "../api/matrix_layouts.h"
#include "launch.h"
#include "matrix_task.h"

namespace qn::cuda {
namespace {

constexpr const char* kOutputNames[kOutputs] = {"f32", "f16", "bf16"};
constexpr uint64_t kMaxGrid = 0x7fffffff;  // CUDA blocks of a launch

// PTX runs on every later GPU; machine code on later ones of the same generation.
bool runs_on(const Image& image, int capability) {
  return image.sm <= capability && (image.is_ptx || image.sm / 10 == capability / 10);
}

// Machine code needs no compiling, so it goes before PTX for the same target.
int rank(const Image& image) { return image.sm * 2 + !image.is_ptx; }

// There is a module for each format and, behind those, for each layout of packed matrices: what the kernels of one are
// for.
const char* subject_of(size_t module) {
  return module < kFormatCount ? kFormats[module].name : kLayouts[module - kFormatCount].name;
}
int module_of_layout(int layout) { return static_cast<int>(kFormatCount) + layout; }
bool has_index(ptrdiff_t module) {
  const ptrdiff_t layout = module - static_cast<ptrdiff_t>(kFormatCount);
  return layout >= 0 && (kLayouts[layout].arrays & portable::kGroupIndex) != 0;
}

// The best image of a format or layout that is not as good as `below` (nullptr: the best of all). nullptr: there is
// none.
const Image* best_image(const char* subject, int capability, const Image* below) {
  const Image* best = nullptr;
  for (size_t i = 0; i < kImageCount; i++) {
    const Image& image = kImages[i];
    if (strcmp(image.subject, subject) == 0 && runs_on(image, capability) && (!below || rank(image) < rank(*below)) &&
        (!best || rank(image) > rank(*best)))
      best = &image;
  }
  return best;
}

// The names of an image's kernels. Made once and kept: callers may hold on to them.
struct KernelNames {
  char of[kOutputs][48];
};

const KernelNames* kernel_names() {
  static const KernelNames* const names = [] {
    KernelNames* const all = new (std::nothrow) KernelNames[kImageCount];
    for (size_t i = 0; all && i < kImageCount; i++)
      for (int output = 0; output < kOutputs; output++)
        snprintf(all[i].of[output], sizeof all[i].of[output], "sm_%d-%s/%s/%s", kImages[i].sm,
                 kImages[i].is_ptx ? "ptx" : "sass", kImages[i].subject, kOutputNames[output]);
    return all;
  }();
  return names;
}

const char* name_of(const Image& image, int output) {
  const KernelNames* const names = kernel_names();
  return names ? names[&image - kImages].of[output] : image.subject;
}

}  // namespace

int lowest_capability() {
  int lowest = kImages[0].sm;
  for (size_t i = 1; i < kImageCount; i++)
    if (kImages[i].sm < lowest) lowest = kImages[i].sm;
  return lowest;
}

size_t Context::Module::count() { return kFormatCount + kLayoutCount; }

Context::Module* Context::Module::plan(int capability) {
  Module* const modules = new (std::nothrow) Module[count()];
  for (size_t i = 0; modules && i < count(); i++)
    modules[i].image.store(best_image(subject_of(i), capability, nullptr), std::memory_order_relaxed);
  return modules;
}

const char* Context::kernel_name(int module, int output) const {
  const Image* const image = modules_[module].image.load(std::memory_order_relaxed);
  return image ? name_of(*image, output) : "";
}

const char* Context::matrix_kernel_name(int layout, int output) const {
  return kernel_name(module_of_layout(layout), output);
}

qn_status Context::ready(int place) {
  Module& module = modules_[place];
  if (module.ready.load(std::memory_order_acquire)) return QN_OK;
  const std::lock_guard<std::mutex> lock(module.loading);
  if (module.ready.load(std::memory_order_relaxed)) return QN_OK;
  const Image* image = module.image.load(std::memory_order_relaxed);
  if (!image)
    return fail(QN_ERROR_UNSUPPORTED, "cuda:%d: there is no kernel for %s on compute capability %d.%d", facts_.index,
                subject_of(place), facts_.major, facts_.minor);
  for (;;) {
    bool too_new = false;
    const qn_status status = load_image(*image, module, too_new);
    if (status == QN_OK) break;
    // A driver that is older than the language of an image gets the one for older GPUs, which its name tells.
    const Image* const older =
        too_new ? best_image(subject_of(place), facts_.major * 10 + facts_.minor, image) : nullptr;
    if (!older) return status;
    image = older;
  }
  module.image.store(image, std::memory_order_relaxed);
  module.ready.store(true, std::memory_order_release);
  return QN_OK;
}

qn_status Context::load_image(const Image& image, Module& module, bool& too_new) {
  char log[320] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(uintptr_t{sizeof log - 1})};
  CUmodule handle = nullptr;
  CUresult result = driver_.module_load_data(&handle, image.data, 2, options, values);
  too_new = result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  if (result != CUDA_SUCCESS) {
    // The log has a line for each fault; an error here is one line.
    for (char* c = log; *c; c++)
      if (*c == '\n' || *c == '\t') *c = ' ';
    char what[400];
    snprintf(what, sizeof what, "loading the sm_%d %s of %s%s%s%s", image.sm, image.is_ptx ? "ptx" : "sass",
             image.subject, *log ? " (" : "", log, *log ? ")" : "");
    return check(result, what);
  }
  for (int i = 0; i < (has_index(&module - modules_) ? 2 : 1) * kOutputs; i++) {
    const int output = i % kOutputs, set = i / kOutputs;
    char entry[64];
    snprintf(entry, sizeof entry, "%s_%s%s", image.subject, set ? "indexed_" : "", kOutputNames[output]);
    result = driver_.module_get_function(&module.functions[set][output], handle, entry);
    if (result != CUDA_SUCCESS) {
      char what[100];
      snprintf(what, sizeof what, "finding the kernel %s", entry);
      driver_.module_unload(handle);
      return check(result, what);
    }
  }
  module.handle = handle;
  return QN_OK;
}

qn_status Context::start(CUstream stream, int module, int output, bool indexed, unsigned grid, void** parameters) {
  const CUresult result = driver_.launch_kernel(modules_[module].functions[indexed][output], grid, 1, 1, kThreads, 1, 1,
                                                0, stream, parameters, nullptr);
  if (result == CUDA_SUCCESS) return QN_OK;
  char what[100];
  snprintf(what, sizeof what, "starting %s", kernel_name(module, output));
  return check(result, what);
}

qn_status Context::launch(CUstream stream, int format, int output, uint64_t source, uint64_t destination,
                          uint64_t blocks, const char*& kernel) {
  if (const qn_status status = ready(format); status != QN_OK) return status;
  const FormatFacts& facts = kFormats[format];
  const Launch shape = launch_of(facts.values_per_block);
  const uint64_t most = kMaxGrid * shape.tile;
  while (blocks > 0) {
    uint64_t now = blocks < most ? blocks : most;
    void* parameters[] = {&source, &destination, &now};
    const auto grid = static_cast<unsigned>((now + shape.tile - 1) / shape.tile);
    if (const qn_status status = start(stream, format, output, false, grid, parameters); status != QN_OK) return status;
    source += now * facts.bytes_per_block;
    destination += now * facts.values_per_block * (output == 0 ? 4u : 2u);
    blocks -= now;
  }
  kernel = kernel_name(format, output);
  return QN_OK;
}

qn_status Context::launch(CUstream stream, int layout, int output, const portable::MatrixTask& task,
                          const char*& kernel) {
  const int module = module_of_layout(layout);
  if (const qn_status status = ready(module); status != QN_OK) return status;
  // A grid has room for more results than any GPU has memory for.
  const auto grid = static_cast<unsigned>(portable::MatrixGrid(task).blocks());
  portable::MatrixTask parameter = task;
  void* parameters[] = {&parameter};
  if (const qn_status status = start(stream, module, output, task.matrix.group_index != nullptr, grid, parameters);
      status != QN_OK)
    return status;
  kernel = kernel_name(module, output);
  return QN_OK;
}

}  // namespace qn::cuda
