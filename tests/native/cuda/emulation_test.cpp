// SPDX-License-Identifier: MIT
//
// The kernels for GPUs, on an emulated one: they must give the CPU's bits, wherever the work begins and ends.
#include <algorithm>

#include "cuda/kernels.h"
#include "cuda/launch.h"
#include "support/device.h"
#include "support/reference.h"
#include "support/vectors.h"

using namespace test;
using emulation::Order;

namespace {

constexpr uint8_t kUntouched = 0xa5;
constexpr const char* kOutputNames[] = {"f32", "f16", "bf16"};

// One kernel and the work for it.
class Work {
 public:
  Work(const std::vector<emulation::Kernel>& kernels, const qn_format_info& format, int output)
      : format_(format), output_(output), launch_(qn::cuda::launch_of(format.values_per_block)) {
    const std::string name = std::string(format.name) + "_" + kOutputNames[output];
    for (const emulation::Kernel& kernel : kernels)
      if (kernel.name == name) entry_ = kernel.entry;
    if (format.values_per_block > 1) {
      packed_ = vector_file(format.name, "quant.bin");
      const std::vector<uint8_t> random = vector_file(format.name, "random.bin");
      packed_.insert(packed_.end(), random.begin(), random.end());
    }
    // More than a tile and a part of the next one.
    const size_t wanted = (2 * launch_.tile + 3) * format.bytes_per_block;
    Random random(seed());
    if (packed_.size() < wanted) {
      const std::vector<uint8_t> more = random.bytes(wanted - packed_.size());
      packed_.insert(packed_.end(), more.begin(), more.end());
    }
    const Device cpu = open_cpu(QN_ISA_SCALAR);
    expected_ = dequantize(cpu.get(), format.format, packed_, kOutputs[output]);
  }

  bool found() const { return entry_ != nullptr; }
  size_t tile() const { return launch_.tile; }
  size_t all_blocks() const { return packed_.size() / format_.bytes_per_block; }

  // Cycles of shared memory for each 32 weights of a tile.
  double shared_cycles() const {
    std::vector<uint8_t> bytes = Random(seed()).bytes(launch_.tile * format_.bytes_per_block + 15);
    std::vector<uint8_t> results(size_t{launch_.tile} * format_.values_per_block * output_size(kOutputs[output_]) + 15);
    const auto aligned = [](std::vector<uint8_t>& in) {
      return in.data() + (16 - reinterpret_cast<uintptr_t>(in.data()) % 16) % 16;
    };
    emulation::BankUse banks;
    EXPECT_EQ("", emulation::launch(entry_, 1, launch_.threads, Order::kForward, aligned(bytes), aligned(results),
                                    launch_.tile, &banks));
    return static_cast<double>(banks.cycles) / (launch_.tile * format_.values_per_block / 32);
  }

  // "" or what is wrong with the results of the first `blocks` blocks, at addresses so many bytes past a multiple
  // of 16.
  std::string run(size_t blocks, size_t source_past = 0, size_t destination_past = 0,
                  Order order = Order::kForward) const {
    const size_t bytes = blocks * format_.bytes_per_block;
    const size_t result_bytes = blocks * format_.values_per_block * output_size(kOutputs[output_]);
    // Of exact size, so that AddressSanitizer sees any byte read past the end; the bytes before it are not for reading
    // either, and must not matter.
    std::vector<uint8_t> source(source_past + bytes, kUntouched),
        results(destination_past + result_bytes + 16, kUntouched);
    std::copy_n(packed_.begin(), bytes, source.begin() + static_cast<ptrdiff_t>(source_past));
    const auto grid = static_cast<uint32_t>((blocks + launch_.tile - 1) / launch_.tile);
    const std::string fault = emulation::launch(entry_, grid, launch_.threads, order, source.data() + source_past,
                                                results.data() + destination_past, blocks);
    if (!fault.empty()) return fault;
    for (size_t i = 0; i < results.size(); i++)
      if ((i < destination_past || i >= destination_past + result_bytes) && results[i] != kUntouched)
        return "byte " + std::to_string(i) + ", outside of the results, was written";
    const auto begin = results.begin() + static_cast<ptrdiff_t>(destination_past);
    const std::vector<uint8_t> found(begin, begin + static_cast<ptrdiff_t>(result_bytes));
    return difference({expected_.begin(), expected_.begin() + static_cast<ptrdiff_t>(result_bytes)}, found,
                      kOutputs[output_]);
  }

 private:
  qn_format_info format_;
  int output_;
  qn::cuda::Launch launch_;
  emulation::Entry entry_ = nullptr;
  std::vector<uint8_t> packed_, expected_;
};

using FormatAndOutput = std::tuple<qn_format_info, int>;

class Emulated : public testing::TestWithParam<FormatAndOutput> {
 protected:
  // Of the misalignments; under sanitizers some have to do: odd and even ones, and multiples of 4.
  static size_t step() { return short_mode() ? 3 : 1; }
  Work work() const { return {emulated::kernels(), std::get<0>(GetParam()), std::get<1>(GetParam())}; }
};

TEST_P(Emulated, DecodesTheKnownAnswersAndRandomBlocks) {
  const Work all = work();
  ASSERT_TRUE(all.found());
  for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled})
    EXPECT_EQ("", all.run(all.all_blocks(), 0, 0, order));
}

TEST_P(Emulated, EndsWhereTheWorkEnds) {
  const Work all = work();
  for (const size_t blocks : {size_t{0}, size_t{1}, size_t{2}, all.tile() - 1, all.tile(), all.tile() + 1})
    EXPECT_EQ("", all.run(blocks)) << blocks << " blocks";
}

TEST_P(Emulated, TakesSourcesAnywhere) {
  const Work all = work();
  for (size_t past = 1; past < 16; past += step())
    EXPECT_EQ("", all.run(all.tile() + 1, past)) << past << " bytes past alignment";
}

TEST_P(Emulated, WritesDestinationsAnywhere) {
  const Work all = work();
  for (size_t past = 1; past < 16; past += step())
    EXPECT_EQ("", all.run(past % 3 + 1, 0, past)) << past << " bytes past alignment";
}

// Where memory moves 4.8 TB/s, as an H200's may, each multiprocessor has more than 3 cycles for 32 weights of two
// bytes. The same unit stores them to global memory, in one.
TEST_P(Emulated, LeavesTimeToSharedMemory) {
  const double cycles = work().shared_cycles();
  RecordProperty("SharedCyclesOf32Weights", std::to_string(cycles));
  EXPECT_LT(cycles, 2.0);
}

std::string name_of_kernel(const testing::TestParamInfo<FormatAndOutput>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + kOutputNames[std::get<1>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(, Emulated, testing::Combine(testing::ValuesIn(formats()), testing::Values(0, 1, 2)),
                         name_of_kernel);

// The emulation must be able to fail: copies of the kernels in which one mistake was planted.
std::string planted(const std::vector<emulation::Kernel>& kernels, Order order) {
  const Work work(kernels, format_info(QN_FORMAT_Q4_K), 0);
  EXPECT_TRUE(work.found());
  return work.run(work.tile() + 1, 0, 0, order);
}

TEST(Planted, AMissingBarrierIsSeen) {
  EXPECT_NE("", planted(without_barrier::kernels(), Order::kForward));
  EXPECT_NE("", planted(without_barrier::kernels(), Order::kBackward));
}

TEST(Planted, AMissingRunIsSeen) { EXPECT_NE("", planted(off_by_one::kernels(), Order::kForward)); }

// What the fibers do when not all of them come.
void some_wait(const uint8_t*, void*, uint64_t) {
  if (emulation::thread_index() < 5) emulation::barrier();
}
void some_shuffle(const uint8_t*, void*, uint64_t) {
  if (emulation::thread_index() != 7) emulation::shuffle_xor(1, 1);
}
void misaligned(const uint8_t* source, void*, uint64_t) { emulation::check_aligned(source + 1, 16); }

// Each lane reads a word of its own, so many words from its neighbour's.
template <uint32_t kWords>
void strided(const uint8_t*, void*, uint64_t) {
  emulation::check_aligned(emulation::shared_memory(32 * 128) + emulation::thread_index() % 32 * 4 * kWords, 4);
}

TEST(Emulation, CountsConflictsOfBanks) {
  const auto cycles = [](emulation::Entry entry) {
    emulation::BankUse banks;
    EXPECT_EQ("", emulation::launch(entry, 1, 64, Order::kForward, nullptr, nullptr, 0, &banks));
    EXPECT_EQ(2U, banks.accesses);
    return banks.cycles;
  };
  EXPECT_EQ(2U, cycles(strided<0>));
  EXPECT_EQ(2U, cycles(strided<1>));
  EXPECT_EQ(4U, cycles(strided<2>));
  EXPECT_EQ(64U, cycles(strided<32>));
}

TEST(Emulation, SaysWhoNeverCame) {
  const auto run = [](emulation::Entry entry) {
    alignas(16) static const uint8_t nothing[16] = {};
    return emulation::launch(entry, 1, 64, Order::kForward, nothing, nullptr, 0);
  };
  EXPECT_EQ("block 0, thread 63: 5 of 64 threads wait at a barrier, 0 at a shuffle, for others that never come",
            run(some_wait));
  EXPECT_EQ("block 0, thread 63: 0 of 64 threads wait at a barrier, 31 at a shuffle, for others that never come",
            run(some_shuffle));
  EXPECT_EQ("block 0, thread 0: an access of 16 bytes is not aligned", run(misaligned));
}

}  // namespace
