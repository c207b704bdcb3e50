// SPDX-License-Identifier: MIT
#include "support/devices.h"

#include <cstdio>
#include <map>

#include "support/checks.h"

namespace fuzz {
namespace {

std::vector<qn_format_info> read_formats() {
  std::vector<qn_format_info> all(qn_format_count());
  for (size_t i = 0; i < all.size(); i++) {
    all[i].struct_size = sizeof all[i];
    check_ok(qn_format_at(i, &all[i]), "qn_format_at");
  }
  return all;
}

const std::vector<qn_format_info>& formats() {
  static const std::vector<qn_format_info> all = read_formats();
  return all;
}

// Prints its counts when the program ends.
class Tally {
 public:
  Tally() : runs_(formats().size()) {}
  ~Tally() {
    size_t rarest = 0;
    for (size_t i = 0; i < runs_.size(); i++)
      if (runs_[i] < runs_[rarest]) rarest = i;
    std::fprintf(stderr, "fuzz: %zu formats, each run at least %zu times (%s)\n", runs_.size(), runs_[rarest],
                 formats()[rarest].name);
  }
  void add(const qn_format_info& format) { runs_[static_cast<size_t>(&format - formats().data())]++; }

 private:
  std::vector<size_t> runs_;
};

std::vector<Set> open_sets(uint32_t threads) {
  std::vector<Set> all;
  for (size_t i = 0; i < qn_isa_count(); i++) {
    qn_isa_info info{};
    info.struct_size = sizeof info;
    check_ok(qn_isa_at(i, &info), "qn_isa_at");
    if (!info.available) {
      std::fprintf(stderr, "fuzz: without %s: %s\n", info.name, info.reason);
      continue;
    }
    qn_device_options options{};
    options.struct_size = sizeof options;
    options.threads = threads;
    options.isa = info.isa;
    qn_device* device = nullptr;
    check_ok(qn_device_open("cpu", &options, &device), "qn_device_open");
    all.push_back({info.name, std::unique_ptr<qn_device, Closer>(device)});
  }
  return all;
}

}  // namespace

const qn_format_info& format_of(uint8_t byte) {
  for (const qn_format_info& format : formats())
    if (format.format == byte) return format;
  return formats()[byte % formats().size()];
}

void count_run(const qn_format_info& format) {
  static Tally tally;
  tally.add(format);
}

qn_format output_of(uint8_t byte) {
  constexpr qn_format kOutputs[] = {QN_FORMAT_F32, QN_FORMAT_F16, QN_FORMAT_BF16};
  return kOutputs[byte % 3];
}

const std::vector<Set>& sets_with_threads(uint32_t threads) {
  static std::map<uint32_t, std::vector<Set>> opened;
  auto place = opened.find(threads);
  if (place == opened.end()) place = opened.emplace(threads, open_sets(threads)).first;
  return place->second;
}

}  // namespace fuzz
