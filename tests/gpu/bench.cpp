// SPDX-License-Identifier: MIT
//
// How fast a GPU decodes, beside how fast it copies. `gpu-bench --list` names the GPUs; `gpu-bench JSON MARKDOWN
// [WEIGHTS]` measures QN_GPU, or cuda:0, and writes two files. Times are events' on the GPU, medians of many, and go
// through so many bytes that nothing stays in the L2; bytes moved are packed bytes read and weights written.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "quantnet.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kWeights = uint64_t{256} << 20;
constexpr int kRounds = 21;
constexpr size_t kCalls = 100;  // fewer than a stream queues, so that no call waits for the GPU
constexpr qn_format kOutputs[] = {QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16};
constexpr const char* kOutputNames[] = {"f32", "f16", "bf16"};

[[noreturn]] void stop(const char* what) {
  std::fprintf(stderr, "gpu-bench: %s: %s\n", what, qn_last_error());
  std::exit(1);
}
void need(qn_status status, const char* what) {
  if (status != QN_OK) stop(what);
}

struct Row {
  std::string format, output, image;
  uint64_t bytes;       // moved
  double milliseconds;  // median
  double share;         // of the copy bandwidth
  double first_ms;      // the first decode of the format in this process: loading its kernels
};

struct Gpu {
  qn_device* device = nullptr;
  qn_stream* stream = nullptr;
  qn_event *start = nullptr, *end = nullptr;
  qn_device_info info{};

  explicit Gpu(const char* name) {
    need(qn_device_open(name, nullptr, &device), name);
    info.struct_size = sizeof info;
    need(qn_device_describe(device, &info), "describing");
    need(qn_stream_create(device, &stream), "a stream");
    need(qn_event_create(device, &start), "an event");
    need(qn_event_create(device, &end), "an event");
  }
  ~Gpu() {
    qn_event_close(end);
    qn_event_close(start);
    qn_stream_close(stream);
    qn_device_close(device);
  }
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  // The median time of some work on the GPU, by events, after one round that does not count.
  template <class Work>
  double median(Work work) {
    std::vector<float> times;
    for (int round = 0; round <= kRounds; round++) {
      float milliseconds = 0;
      need(qn_event_record(start, stream), "recording");
      need(work(), "working");
      need(qn_event_record(end, stream), "recording");
      need(qn_event_synchronize(end), "waiting");
      need(qn_event_elapsed(start, end, &milliseconds), "timing");
      if (round > 0) times.push_back(milliseconds);
    }
    std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
    return times[kRounds / 2];
  }
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int list() {
  int gpus = 0;
  for (size_t i = 0; i < qn_device_count(); i++) {
    qn_device_info info{};
    info.struct_size = sizeof info;
    if (qn_device_at(i, &info) != QN_OK || info.kind != QN_DEVICE_CUDA) continue;
    std::printf("%s\t%s\n", info.name, info.description);
    gpus++;
  }
  if (gpus > 0) return 0;
  qn_device* device = nullptr;
  if (qn_device_open("cuda:0", nullptr, &device) == QN_OK) stop("a GPU that is not listed");
  std::fprintf(stderr, "%s\n", qn_last_error());
  return 3;
}

struct Results {
  uint64_t weights;
  double copy_gbps;  // read and written
  double launch_us;  // of the host, per call for 4096 x 4096 weights
  std::vector<Row> rows;
};

Results measure(Gpu& gpu, uint64_t weights) {
  Results results{weights, 0, 0, {}};
  // Room for the largest: 8 bytes of a weight packed (I64, F64), 4 as f32.
  qn_buffer *packed = nullptr, *decoded = nullptr;
  need(qn_buffer_create(gpu.device, QN_MEMORY_DEVICE, weights * 8, &packed), "packed weights");
  need(qn_buffer_create(gpu.device, QN_MEMORY_DEVICE, weights * 4, &decoded), "decoded weights");
  const uint64_t from = qn_buffer_address(packed), to = qn_buffer_address(decoded);

  // Bits that no predictor knows; the time of no kernel depends on them much.
  std::vector<uint64_t> random(1 << 20);
  uint64_t state = 20261125;
  for (uint64_t& word : random)
    word = state = state * 6364136223846793005u + 1442695040888963407u;
  const size_t chunk = random.size() * sizeof random[0];
  for (uint64_t at = 0; at < weights * 8; at += chunk)
    need(qn_copy_to_device(gpu.stream, random.data(), from + at, std::min<uint64_t>(chunk, weights * 8 - at)),
         "filling");
  need(qn_stream_synchronize(gpu.stream), "filling");

  const double copy_ms = gpu.median([&] { return qn_copy_on_device(gpu.stream, from, to, weights * 4); });
  results.copy_gbps = static_cast<double>(weights) * 8 / copy_ms / 1e6;

  for (size_t i = 0; i < qn_format_count(); i++) {
    qn_format_info format{};
    format.struct_size = sizeof format;
    need(qn_format_at(i, &format), "a format");
    const uint64_t blocks = weights / format.values_per_block, packed_bytes = blocks * format.bytes_per_block;
    const Clock::time_point start = Clock::now();
    need(qn_dequantize_async(gpu.stream, format.format, from, format.bytes_per_block, QN_FORMAT_F32, to,
                             format.values_per_block * 4),
         format.name);
    need(qn_stream_synchronize(gpu.stream), format.name);
    const double first_ms = seconds_since(start) * 1e3;
    for (int output = 0; output < 3; output++) {
      const uint64_t bytes = blocks * format.values_per_block * (output == 0 ? 4 : 2);
      const double milliseconds = gpu.median([&] {
        return qn_dequantize_async(gpu.stream, format.format, from, packed_bytes, kOutputs[output], to, bytes);
      });
      const uint64_t moved = packed_bytes + bytes;
      results.rows.push_back({format.name, kOutputNames[output], qn_last_kernel(), moved, milliseconds,
                              static_cast<double>(moved) / milliseconds / 1e6 / results.copy_gbps, first_ms});
    }
  }

  const uint64_t small = std::min<uint64_t>(weights, 4096 * 4096) / 256;
  std::vector<double> launches;
  for (int round = 0; round < kRounds; round++) {
    const Clock::time_point start = Clock::now();
    for (size_t call = 0; call < kCalls; call++)
      need(qn_dequantize_async(gpu.stream, QN_FORMAT_Q4_K, from, small * 144, QN_FORMAT_F16, to, small * 512),
           "starting");
    launches.push_back(seconds_since(start) * 1e6 / kCalls);
    need(qn_stream_synchronize(gpu.stream), "waiting");
  }
  std::nth_element(launches.begin(), launches.begin() + kRounds / 2, launches.end());
  results.launch_us = launches[kRounds / 2];
  qn_buffer_close(decoded);
  qn_buffer_close(packed);
  return results;
}

// A text as JSON writes it.
std::string quoted(const char* text) {
  std::string all = "\"";
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') all += '\\';
    all += static_cast<unsigned char>(*text) < ' ' ? ' ' : *text;
  }
  return all + '"';
}

void write_json(FILE* file, const Gpu& gpu, const Results& results) {
  std::fprintf(file, "{\n  \"device\": %s,\n  \"description\": %s,\n", quoted(gpu.info.name).c_str(),
               quoted(gpu.info.description).c_str());
  std::fprintf(file, "  \"weights\": %llu,\n  \"copyGigabytesPerSecond\": %.1f,\n  \"launchMicroseconds\": %.2f,\n",
               static_cast<unsigned long long>(results.weights), results.copy_gbps, results.launch_us);
  std::fprintf(file, "  \"results\": [");
  const char* comma = "";
  for (const Row& row : results.rows) {
    std::fprintf(file,
                 "%s\n    {\"format\": \"%s\", \"output\": \"%s\", \"image\": \"%s\", \"bytes\": %llu, "
                 "\"milliseconds\": %.4f, \"shareOfCopy\": %.4f, \"firstMilliseconds\": %.2f}",
                 comma, row.format.c_str(), row.output.c_str(), row.image.c_str(),
                 static_cast<unsigned long long>(row.bytes), row.milliseconds, row.share, row.first_ms);
    comma = ",";
  }
  std::fprintf(file, "\n  ]\n}\n");
}

void write_markdown(FILE* file, const Gpu& gpu, const Results& results) {
  std::fprintf(file, "%s: %s\n\n", gpu.info.name, gpu.info.description);
  std::fprintf(
      file,
      "%.0f Mi weights; copying on the GPU moves %.0f GB/s; starting a decode of 4096 x 4096 weights costs the host "
      "%.1f us.\n\n",
      static_cast<double>(results.weights) / (1 << 20), results.copy_gbps, results.launch_us);
  std::fprintf(file, "| Format | to | image | GB/s | of copying | first decode |\n|---|---|---|---:|---:|---:|\n");
  for (const Row& row : results.rows)
    std::fprintf(file, "| %s | %s | %s | %.0f | %.1f %% | %.0f ms |\n", row.format.c_str(), row.output.c_str(),
                 row.image.c_str(), static_cast<double>(row.bytes) / row.milliseconds / 1e6, row.share * 100,
                 row.first_ms);
}

void write(const char* path, void (*writer)(FILE*, const Gpu&, const Results&), const Gpu& gpu,
           const Results& results) {
  FILE* const file = std::fopen(path, "w");
  if (!file) {
    std::perror(path);
    std::exit(1);
  }
  writer(file, gpu, results);
  if (std::fclose(file) != 0) {
    std::perror(path);
    std::exit(1);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--list") == 0) return list();
  if (count < 3 || count > 4) {
    std::fprintf(stderr, "usage: gpu-bench --list, or gpu-bench JSON MARKDOWN [WEIGHTS]\n");
    return 2;
  }
  const uint64_t weights = count == 4 ? std::strtoull(arguments[3], nullptr, 10) / 4096 * 4096 : kWeights;
  if (weights == 0) {
    std::fprintf(stderr, "gpu-bench: '%s' is not a number of weights from 4096 on\n", arguments[3]);
    return 2;
  }
  const char* const name = std::getenv("QN_GPU");
  Gpu gpu(name ? name : "cuda:0");
  const Results results = measure(gpu, weights);
  write(arguments[1], write_json, gpu, results);
  write(arguments[2], write_markdown, gpu, results);
  return 0;
}
