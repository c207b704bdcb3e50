// SPDX-License-Identifier: MIT
#include "modules.h"

#include <stdio.h>
#include <string.h>

#include <new>

#include "../api/error.h"
#include "../api/format_table.h"
#include "../api/matrix_layouts.h"
#include "encode_task.h"
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

// What the kernels of an encoder are called, with the name of the format behind it.
constexpr char kQuantize[] = "quantize_";
constexpr size_t kQuantizeLength = sizeof kQuantize - 1;

// There is a module for each format, behind those for each layout of packed matrices, and behind those for the encoder
// of each format. A subject is what the kernels of one are for.
size_t first_encoder() { return kFormatCount + kLayoutCount; }

size_t module_of_layout(int layout) { return kFormatCount + static_cast<size_t>(layout); }
size_t module_of_encoder(int format) { return first_encoder() + static_cast<size_t>(format); }
bool is_encoder(size_t module) { return module >= first_encoder(); }
bool has_index(size_t module) {
  return module >= kFormatCount && !is_encoder(module) &&
         (kLayouts[module - kFormatCount].arrays & portable::kGroupIndex) != 0;
}
const char* subject_of(size_t module) {
  return is_encoder(module)       ? kFormats[module - first_encoder()].name
         : module >= kFormatCount ? kLayouts[module - kFormatCount].name
                                  : kFormats[module].name;
}
bool is_of(const Image& image, size_t module) {
  const bool encodes = strncmp(image.subject, kQuantize, kQuantizeLength) == 0;
  return encodes == is_encoder(module) &&
         strcmp(image.subject + (encodes ? kQuantizeLength : 0), subject_of(module)) == 0;
}

// The best image of a module that is not as good as `below` (nullptr: the best of all). nullptr: there is none.
const Image* best_image(size_t module, int capability, const Image* below) {
  const Image* best = nullptr;
  for (size_t i = 0; i < kImageCount; i++) {
    const Image& image = kImages[i];
    if (is_of(image, module) && runs_on(image, capability) && (!below || rank(image) < rank(*below)) &&
        (!best || rank(image) > rank(*best)))
      best = &image;
  }
  return best;
}

// The names of an image's kernels by their outputs or, of encoders, their inputs. Made once and kept: callers may hold
// on to them.
struct KernelNames {
  char of[kOutputs][48];

  void make(const Image& image) {
    const bool encodes = strncmp(image.subject, kQuantize, kQuantizeLength) == 0;
    for (int i = 0; i < kOutputs; i++)
      snprintf(of[i], sizeof of[i], "sm_%d-%s/%s/%s", image.sm, image.is_ptx ? "ptx" : "sass",
               encodes ? kOutputNames[i] : image.subject, encodes ? image.subject + kQuantizeLength : kOutputNames[i]);
  }
};

const KernelNames* kernel_names() {
  static const KernelNames* const names = [] {
    KernelNames* const all = new (std::nothrow) KernelNames[kImageCount];
    for (size_t i = 0; all && i < kImageCount; i++)
      all[i].make(kImages[i]);
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

size_t Context::Module::count() { return first_encoder() + kFormatCount; }

Context::Module* Context::Module::plan(int capability) {
  Module* const modules = new (std::nothrow) Module[count()];
  for (size_t i = 0; modules && i < count(); i++)
    modules[i].image.store(best_image(i, capability, nullptr), std::memory_order_relaxed);
  return modules;
}

const char* Context::module_kernel(size_t module, int column) const {
  const Image* const image = modules_[module].image.load(std::memory_order_relaxed);
  return image ? name_of(*image, column) : "";
}

const char* Context::kernel_name(int format, int output) const {
  return module_kernel(static_cast<size_t>(format), output);
}

const char* Context::matrix_kernel_name(int layout, int output) const {
  return module_kernel(module_of_layout(layout), output);
}

const char* Context::encoder_name(int format, int input) const {
  return module_kernel(module_of_encoder(format), input);
}

qn_status Context::ready(size_t place) {
  Module& module = modules_[place];
  if (module.ready.load(std::memory_order_acquire)) return QN_OK;
  const std::lock_guard<std::mutex> lock(module.loading);
  if (module.ready.load(std::memory_order_relaxed)) return QN_OK;
  const Image* image = module.image.load(std::memory_order_relaxed);
  if (!image)
    return fail(QN_ERROR_UNSUPPORTED, "cuda:%d: there is no kernel %s %s on compute capability %d.%d", facts_.index,
                is_encoder(place) ? "that encodes" : "for", subject_of(place), facts_.major, facts_.minor);
  for (;;) {
    bool too_new = false;
    const qn_status status = load_image(*image, module, too_new);
    if (status == QN_OK) break;
    // A driver that is older than the language of an image gets the one for older GPUs, which its name tells.
    const Image* const older = too_new ? best_image(place, facts_.major * 10 + facts_.minor, image) : nullptr;
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
  const auto place = static_cast<size_t>(&module - modules_);
  const int count = is_encoder(place) ? 1 : has_index(place) ? 2 * kOutputs : kOutputs;
  for (int i = 0; i < count; i++) {
    const int output = i % kOutputs, set = i / kOutputs;
    char entry[64];
    snprintf(entry, sizeof entry, "%s%s%s%s", image.subject, is_encoder(place) ? "" : "_", set ? "indexed_" : "",
             is_encoder(place) ? "" : kOutputNames[output]);
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

qn_status Context::start(CUstream stream, CUfunction function, const char* name, unsigned grid, unsigned threads,
                         void** parameters) {
  const CUresult result = driver_.launch_kernel(function, grid, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
  if (result == CUDA_SUCCESS) return QN_OK;
  char what[100];
  snprintf(what, sizeof what, "starting %s", name);
  return check(result, what);
}

qn_status Context::launch(CUstream stream, int format, int output, uint64_t source, uint64_t destination,
                          uint64_t blocks, const char*& kernel) {
  if (const qn_status status = ready(static_cast<size_t>(format)); status != QN_OK) return status;
  const FormatFacts& facts = kFormats[format];
  const Launch shape = launch_of(facts.values_per_block);
  const uint64_t most = kMaxGrid * shape.tile;
  while (blocks > 0) {
    uint64_t now = blocks < most ? blocks : most;
    void* parameters[] = {&source, &destination, &now};
    const auto grid = static_cast<unsigned>((now + shape.tile - 1) / shape.tile);
    if (const qn_status status = start(stream, modules_[format].functions[0][output], kernel_name(format, output), grid,
                                       kThreads, parameters);
        status != QN_OK)
      return status;
    source += now * facts.bytes_per_block;
    destination += now * facts.values_per_block * (output == 0 ? 4u : 2u);
    blocks -= now;
  }
  kernel = kernel_name(format, output);
  return QN_OK;
}

qn_status Context::launch(CUstream stream, int layout, int output, const portable::MatrixTask& task,
                          const char*& kernel) {
  const size_t module = module_of_layout(layout);
  if (const qn_status status = ready(module); status != QN_OK) return status;
  // A grid has room for more results than any GPU has memory for.
  const auto grid = static_cast<unsigned>(portable::MatrixGrid(task).blocks());
  portable::MatrixTask parameter = task;
  void* parameters[] = {&parameter};
  const bool indexed = task.matrix.group_index != nullptr;
  if (const qn_status status = start(stream, modules_[module].functions[indexed][output], module_kernel(module, output),
                                     grid, kThreads, parameters);
      status != QN_OK)
    return status;
  kernel = module_kernel(module, output);
  return QN_OK;
}

qn_status Context::launch(CUstream stream, int format, const portable::EncodeTask& task, const char*& kernel) {
  const size_t module = module_of_encoder(format);
  if (const qn_status status = ready(module); status != QN_OK) return status;
  const FormatFacts& facts = kFormats[format];
  const uint64_t value_bytes = task.input == 0 ? 4 : 2;
  const uint64_t unit = task.by_rows ? task.blocks_per_row : kEncodeTileValues / facts.values_per_block;
  // A row too long for all of a grid's rows to have a number is more than any GPU has memory for.
  const uint64_t most = unit <= UINT64_MAX / kMaxGrid ? unit * kMaxGrid : unit;
  portable::EncodeTask now = task;
  for (uint64_t left = task.blocks; left > 0; left -= now.blocks) {
    now.blocks = left < most ? left : most;
    void* parameters[] = {&now};
    const auto grid = static_cast<unsigned>(portable::encode_grid(now, facts.values_per_block));
    if (const qn_status status =
            start(stream, modules_[module].functions[0][0], module_kernel(module, static_cast<int>(task.input)), grid,
                  kEncodeThreads, parameters);
        status != QN_OK)
      return status;
    now.source += now.blocks * facts.values_per_block * value_bytes;
    now.destination += now.blocks * facts.bytes_per_block;
    now.first += now.blocks;
  }
  kernel = module_kernel(module, static_cast<int>(task.input));
  return QN_OK;
}

}  // namespace qn::cuda
