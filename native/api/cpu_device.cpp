// SPDX-License-Identifier: MIT
//
// The processor as a device: an instruction set, its kernels, and a pool of threads.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <new>

#include "../cpu/features.h"
#include "../cpu/float_modes.h"
#include "../cpu/pool.h"
#include "device.h"
#include "encode_job.h"
#include "error.h"
#include "format_table.h"

#if defined(__linux__)
#include <sched.h>
#else
#include <thread>
#endif

namespace qn {
namespace {

// A thread's share of a job, in weights: large enough that handing it out costs nothing, small enough that its results
// stay in the L2 cache and the last thread does not keep the others waiting.
constexpr uint64_t kWeightsPerPiece = 32 * 1024;

// Results larger than this are streamed past the caches, where the instruction set can.
constexpr size_t kStreamedBytes = size_t{4} << 20;

// What a destination that is not aligned for streaming is decoded into first, a piece at a time. Small, so that copying
// one piece and decoding the next overlap.
constexpr size_t kScratchBytes = 2 * 1024;

// A call's work as the threads of the pool see it: blocks, or rows if there is a list of them, to be decoded in pieces.
class Job {
 public:
  Job(const DequantizeWork& work, const KernelSet& kernels) : work_(work), kernels_(kernels) {
    const size_t row_bytes = work.destination_block * work.blocks;
    streams_ = kernels.stream && row_bytes * (work.rows ? work.row_count : 1) > kStreamedBytes;
  }

  // Pool::Work over a Job.
  static void run(const void* context, uint64_t first, uint64_t last) {
    const Job& job = *static_cast<const Job*>(context);
    const DefaultFloatModes modes;
    const DequantizeWork& work = job.work_;
    if (!work.rows) return job.decode(first, first, last - first);
    for (uint64_t i = first; i < last; i++)
      job.decode(work.rows[i] * work.blocks, i * work.blocks, work.blocks);
  }

 private:
  // Decodes `count` blocks; `from` and `to` are their places in the source and in the destination.
  void decode(uint64_t from, uint64_t to, uint64_t count) const {
    const KernelRow& row = kernels_.rows[work_.format];
    const DequantizeKernel kernel = row.dequantize[work_.output];
    const uint8_t* const source = work_.source + from * work_.source_block;
    uint8_t* const destination = work_.destination + to * work_.destination_block;
    if (!streams_) return kernel(source, destination, count);

    // The bytes up to a cache line may be whole blocks: none of them, or numbers of a plain format.
    const size_t gap = -reinterpret_cast<uintptr_t>(destination) % kStreamAlignment;
    if (gap % work_.destination_block == 0) {
      const uint64_t head = gap / work_.destination_block < count ? gap / work_.destination_block : count;
      kernel(source, destination, head);
      row.streamed[work_.output](source + head * work_.source_block, destination + head * work_.destination_block,
                                 count - head);
    } else if (work_.destination_block <= kScratchBytes) {
      stream_through_scratch(kernel, source, destination, count);
    } else {
      kernel(source, destination, count);
    }
  }

  void stream_through_scratch(DequantizeKernel kernel, const uint8_t* source, uint8_t* destination,
                              uint64_t count) const {
    alignas(kStreamAlignment) uint8_t scratch[kScratchBytes];
    const uint64_t fitting = kScratchBytes / work_.destination_block;
    while (count > 0) {
      const uint64_t now = count < fitting ? count : fitting;
      kernel(source, scratch, now);
      kernels_.stream(destination, scratch, now * work_.destination_block);
      source += now * work_.source_block;
      destination += now * work_.destination_block;
      count -= now;
    }
    kernels_.finish_streaming();
  }

  const DequantizeWork work_;
  const KernelSet& kernels_;
  bool streams_;  // past the caches
};

// A packed matrix as the threads of the pool see it: a grid of regions. They are wide enough for whole cache lines of
// codes, and as long as is good for the results of transposed ones.
class MatrixJob {
 public:
  MatrixJob(const MatrixWork& work, const MatrixKernelRow& row, uint32_t threads) : work_(work) {
    lines_ = work.transposed ? Range{0, work.line_length} : Range{work.first, work.count};
    elements_ = work.transposed ? Range{work.first, work.count} : Range{0, work.line_length};
    const bool whole_lines = reinterpret_cast<uintptr_t>(work.destination) % kStreamAlignment == 0 &&
                             work.line_length * result_size() % kStreamAlignment == 0;
    const MatrixKernel streamed = row.streamed[work.transposed][work.output];
    const bool streams = streamed && whole_lines && work.count * work.line_length * result_size() > kStreamedBytes;
    kernel_ = streams ? streamed : row.dequantize[work.transposed][work.output];
    const bool act_order = work.matrix.group_index;
    unit_ = !work.transposed ? Unit{128, 1024} : act_order ? Unit{4096, 1024} : Unit{1024, 1024};
    const auto too_few = [&] { return work.transposed && regions() < uint64_t{kRegionsOfThread} * threads; };
    while (too_few() && unit_.elements > (act_order ? 64 : 256))
      unit_.elements /= 2;
    if (too_few()) unit_ = {256, 128};
  }

  uint64_t regions() const { return lines_.parts(unit_.lines) * elements_.parts(unit_.elements); }

  static void run(const void* context, uint64_t first, uint64_t last) {
    const MatrixJob& job = *static_cast<const MatrixJob*>(context);
    const DefaultFloatModes modes;
    const uint64_t across = job.elements_.parts(job.unit_.elements);
    for (uint64_t i = first; i < last; i++)
      job.decode(job.lines_.part(i / across, job.unit_.lines), job.elements_.part(i % across, job.unit_.elements));
  }

 private:
  // What a region has at most. Transposed, large ones are faster: lines become columns, so that a page of results is
  // written at a time, and what elements or lines of a group share is made once for all lines or elements of a region;
  // with act-order, whose lines have all groups, that is much.
  struct Unit {
    uint64_t lines, elements;
  };
  static constexpr uint32_t kRegionsOfThread = 8;  // with fewer, some threads would wait for others

  // Divided at the multiples of a unit, so that parts begin where tiles do.
  struct Range {
    uint64_t first, count;

    uint64_t parts(uint64_t unit) const { return (first % unit + count - 1) / unit + 1; }
    Range part(uint64_t i, uint64_t unit) const {
      const uint64_t begin = first / unit * unit + i * unit, from = begin < first ? first : begin;
      const uint64_t end = begin + unit, last = first + count;
      return {from, (end < last ? end : last) - from};
    }
  };

  uint64_t result_size() const { return work_.output == 0 ? 4 : 2; }

  void decode(Range lines, Range elements) const {
    const uint64_t line = lines.first - lines_.first, element = elements.first - elements_.first;
    const uint64_t place = work_.transposed ? element * work_.line_length + line : line * work_.line_length + element;
    kernel_(&work_.matrix, {lines.first, lines.count, elements.first, elements.count},
            work_.destination + place * result_size(), work_.line_length);
  }

  const MatrixWork& work_;
  MatrixKernel kernel_;
  Unit unit_;
  Range lines_, elements_;
};

// "scalar, avx2", for messages.
void list_available(char (&text)[128]) {
  size_t length = 0;
  text[0] = 0;
  for (const InstructionSet& set : instruction_sets())
    if (!*set.missing && length < sizeof text)
      length +=
          static_cast<size_t>(snprintf(text + length, sizeof text - length, "%s%s", length ? ", " : "", set.name));
}

// The set that the options or the environment ask for. nullptr: not to be had; the status says why.
const InstructionSet* choose(qn_isa isa, qn_status& status) {
  char available[128];
  const char* const named = isa == QN_ISA_AUTO ? getenv("QUANTNET_ISA") : nullptr;
  const bool by_name = named && *named;
  if (isa == QN_ISA_AUTO && !by_name) return &best_instruction_set();
  for (const InstructionSet& set : instruction_sets()) {
    if (by_name ? strcmp(set.name, named) != 0 : set.isa != isa) continue;
    if (!*set.missing) return &set;
    list_available(available);
    status = fail(QN_ERROR_UNAVAILABLE, "instruction set %s cannot be had: %s (available: %s)", set.name, set.missing,
                  available);
    return nullptr;
  }
  list_available(available);
  if (by_name)
    status = fail(QN_ERROR_INVALID_ARGUMENT, "QUANTNET_ISA is '%.*s', which is no instruction set (available: %s)",
                  quoted_length(named), named, available);
  else
    status = fail(QN_ERROR_INVALID_ARGUMENT, "%d is not the number of an instruction set (available: %s)",
                  static_cast<int>(isa), available);
  return nullptr;
}

class CpuDevice final : public qn_device {
 public:
  CpuDevice(const InstructionSet& set, uint32_t threads, Pool* pool, const char* note)
      : set_(set), threads_(threads), pool_(pool) {
    snprintf(note_, sizeof note_, "%s", note);
  }
  ~CpuDevice() override { Pool::destroy(pool_); }

  void describe(qn_device_info& info) const override {
    info.kind = QN_DEVICE_CPU;
    info.index = 0;
    info.threads = threads_;
    info.isa = set_.isa;
    snprintf(info.name, sizeof info.name, "cpu");
    snprintf(info.description, sizeof info.description, "%s, %u thread%s, %s%s%s%s%s", cpu_name(), threads_,
             threads_ == 1 ? "" : "s", set_.name, *why_not_better() ? " (" : "", why_not_better(),
             *why_not_better() ? ")" : "", note_);
  }

  qn_capability capability(qn_operation operation, int format, int column) const override {
    qn_capability value{};
    value.kernel = "";
    if (column < 0) return value;
    if (operation == QN_OPERATION_DEQUANTIZE) {
      const KernelRow& row = set_.kernels->rows[format];
      value.supported = 1;
      value.tuned = row.tuned;
      value.kernel = row.names[column];
    } else if (const EncoderRow& row = set_.encoders->rows[format]; operation == QN_OPERATION_QUANTIZE && row.encode) {
      value.supported = 1;
      value.tuned = row.tuned;
      value.needs_importance = row.needs_importance;
      value.kernel = row.names[column];
    }
    return value;
  }

  qn_capability matrix_capability(qn_operation operation, int layout, uint32_t bits, int output) const override {
    qn_capability value{};
    value.kernel = "";
    if (operation != QN_OPERATION_DEQUANTIZE || output < 0) return value;
    const MatrixKernelRow& row = set_.matrices[layout];
    value.supported = 1;
    value.tuned = row.tuned >> bits & 1;
    value.kernel = row.names[output];
    return value;
  }

  qn_status dequantize(const DequantizeWork& work, const char*& kernel) override {
    const KernelRow& row = set_.kernels->rows[work.format];
    kernel = row.names[work.output];
    const Job job(work, *set_.kernels);
    const uint64_t weights = work.destination_block / (work.output == 0 ? 4 : 2) * (work.rows ? work.blocks : 1);
    const uint64_t grain = weights >= kWeightsPerPiece ? 1 : kWeightsPerPiece / weights;
    pool_->run(work.rows ? work.row_count : work.blocks, grain, Job::run, &job);
    return QN_OK;
  }

  qn_status dequantize(const MatrixWork& work, const char*& kernel) override {
    const MatrixKernelRow& row = set_.matrices[work.layout];
    kernel = row.names[work.output];
    const MatrixJob job(work, row, threads_);
    pool_->run(job.regions(), 1, MatrixJob::run, &job);
    return QN_OK;
  }

  qn_status quantize(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel) override {
    const EncoderRow& row = set_.encoders->rows[work.format];
    if (!row.encode) return fail(QN_ERROR_UNSUPPORTED, "there is no encoder for %s", kFormats[work.format].name);
    if (row.needs_importance && !work.importance)
      return fail(QN_ERROR_INVALID_ARGUMENT, "%s cannot be encoded without importance", kFormats[work.format].name);
    if (work.rows == 0) return QN_OK;
    kernel = row.names[work.input];
    const EncodeJob job(work, *set_.encoders);
    pool_->run(job.items(), job.grain(), EncodeJob::run, &job);
    first_nonfinite = job.first_nonfinite();
    return QN_OK;
  }

 private:
  // The reason that the next better set is not in use, or "".
  const char* why_not_better() const {
    for (const InstructionSet& set : instruction_sets())
      if (set.isa > set_.isa) return *set.missing ? set.missing : "as asked; better ones are available";
    return "";
  }

  const InstructionSet& set_;
  const uint32_t threads_;
  Pool* const pool_;
  char note_[256];
};

}  // namespace

uint32_t usable_processors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return static_cast<uint32_t>(CPU_COUNT(&set));
  return 1;  // more than 1024 processors: the caller has to say how many
#else
  const unsigned count = std::thread::hardware_concurrency();
  return count ? count : 1;
#endif
}

qn_status open_cpu(const qn_device_options& options, const char* note, qn_device** device) {
  qn_status status = QN_OK;
  const InstructionSet* const set = choose(options.isa, status);
  if (!set) return status;
  const uint32_t threads = options.threads ? options.threads : usable_processors();
  Pool* const pool = Pool::create(threads, status);
  if (!pool && status == QN_ERROR_SYSTEM)
    return fail(status, "the operating system refused to start %u threads", threads - 1);
  CpuDevice* const opened = pool ? new (std::nothrow) CpuDevice(*set, threads, pool, note) : nullptr;
  if (!opened) {
    Pool::destroy(pool);
    return fail(QN_ERROR_OUT_OF_MEMORY, "no memory for a CPU device of %u threads", threads);
  }
  *device = opened;
  return QN_OK;
}

qn_device_info cpu_info() {
  qn_device_info info{};
  CpuDevice(best_instruction_set(), usable_processors(), nullptr, "").describe(info);
  return info;
}

}  // namespace qn
