// SPDX-License-Identifier: MIT
//
// See fake_cuda.h. One lock for everything: this is about being right, not fast.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cuda/driver_api.h"
#include "cuda/encode_task.h"
#include "cuda/matrix_task.h"
#include "fake_cuda.h"
#include "kernels.h"
#include "memory.h"

using namespace qn::cuda;
using namespace fake_cuda;

// The entry points are defined below with exactly the parameters that the library calls them with.
#define QN_DECLARE(member, symbol, parameters) extern "C" CUresult symbol parameters;
QN_CUDA_ENTRIES(QN_DECLARE)
#undef QN_DECLARE

namespace {

struct Context;

struct Stream {
  struct Work {
    std::function<CUresult()> run;
    const uint8_t* host = nullptr;  // memory of the host that it reads or writes
    size_t host_size = 0;
    std::vector<uint64_t> device;  // addresses of allocations that it works on
  };
  Context* context;
  std::deque<Work> queue;
  uint64_t queued = 0, done = 0;
};

struct Event {
  Context* context;
  std::weak_ptr<Stream> stream;
  uint64_t place = 0;  // passed when so much of the stream is done
  bool recorded = false;
  float time = 0;
};

struct Module {
  Context* context;
  std::set<std::string> entries;
};

struct Grid {
  unsigned blocks, threads;
};

struct Function {
  Module* module;
  const Kernel* kernel;
};

struct Context {
  int device = 0;
  int users = 0;
  CUresult dead = CUDA_SUCCESS;
  std::map<void*, std::shared_ptr<Stream>> streams;
  std::map<void*, std::unique_ptr<Event>> events;
  std::map<void*, std::unique_ptr<Module>> modules;
  std::map<void*, std::unique_ptr<Function>> functions;
  std::map<uint64_t, std::unique_ptr<DeviceMemory>> memory;
  std::map<void*, size_t> pinned;
  size_t used = 0;

  Context() { streams[nullptr] = std::make_shared<Stream>(Stream{this, {}, 0, 0}); }

  DeviceMemory* find(uint64_t address, size_t size) {
    auto next = memory.upper_bound(address);
    if (next == memory.begin()) return nullptr;
    DeviceMemory* const candidate = (--next)->second.get();
    return candidate->holds(address, size) ? candidate : nullptr;
  }
  bool is_pinned(const void* address, size_t size) const {
    for (const auto& [start, length] : pinned)
      if (address >= start && static_cast<const uint8_t*>(address) + size <= static_cast<uint8_t*>(start) + length)
        return true;
    return false;
  }
};

// The thread sanitizer does not know the emulation's fibers.
#if defined(__SANITIZE_THREAD__)
constexpr Runs kDefaultRuns = Runs::kScalar;
#else
constexpr Runs kDefaultRuns = Runs::kEmulated;
#endif

struct Failure {
  std::string entry;
  int n;
  CUresult error;
};

struct Driver {
  std::mutex lock;
  bool initialized = false;
  int devices = 1, version = 12040;
  size_t memory = size_t{1} << 30;
  std::map<int, int> capabilities;  // of single GPUs; -1: of all
  std::vector<Failure> failures;
  std::map<std::string, int> calls;
  int kernels = 0;
  Runs runs = kDefaultRuns;
  std::string misuses;
  std::map<int, std::unique_ptr<Context>> primary;
  float clock = 0;

  Driver() {
    const char* const settings = std::getenv("FAKE_CUDA");
    add(settings ? settings : "");
  }

  void add(const std::string& settings) {
    calls.clear();
    kernels = 0;
    std::istringstream words(settings);
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
      if (key == "devices") devices = std::stoi(value);
      if (key == "kernels") runs = value == "scalar" ? Runs::kScalar : kDefaultRuns;
      if (key == "memory") memory = std::stoull(value);
      if (key == "version") version = std::stoi(value);
      if (key.rfind("capability", 0) == 0)
        capabilities[key.size() > 10 ? std::stoi(key.substr(10)) : -1] = std::stoi(value);
      if (key == "fail" || key == "fault") {
        std::istringstream parts(key == "fault" ? "kernel:" + value : value);
        std::string entry, n, error;
        std::getline(parts, entry, ':');
        std::getline(parts, n, ':');
        std::getline(parts, error, ':');
        failures.push_back({entry, std::stoi(n), static_cast<CUresult>(std::stoi(error))});
      }
    }
  }

  int capability(int device) const {
    const auto one = capabilities.find(device), all = capabilities.find(-1);
    return one != capabilities.end() ? one->second : all != capabilities.end() ? all->second : 90;
  }

  CUresult misuse(const char* entry, const std::string& what, CUresult error) {
    misuses += std::string(entry) + ": " + what + "\n";
    return error;
  }

  // The error that a test wants from this call.
  CUresult wanted_failure(const std::string& entry, int n) const {
    for (const Failure& failure : failures)
      if (failure.entry == entry && failure.n == n) return failure.error;
    return CUDA_SUCCESS;
  }
};

// Never destroyed: streams of a host program may be freed while the process ends.
Driver& driver() {
  static Driver* const one = new Driver;
  return *one;
}

thread_local std::vector<CUcontext> current;

bool ends_context(CUresult error) {
  return error == CUDA_ERROR_ECC_UNCORRECTABLE ||
         (error >= CUDA_ERROR_ILLEGAL_ADDRESS && error != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
}

// A call of an entry point: holds the lock, counts, fails if it is to.
class Call {
 public:
  enum Needs { kNothing, kInit, kContext, kFreeing };

  Call(const char* entry, Needs needs) : entry_(entry), lock_(driver().lock) {
    Driver& d = driver();
    wanted = d.wanted_failure(entry, ++d.calls[entry]);
    // Freeing fails as it does on a real GPU: the thing is gone, and the error is somebody else's.
    result = frees(entry) ? CUDA_SUCCESS : wanted;
    const auto top = current.empty() ? nullptr : reinterpret_cast<Context*>(current.back());
    for (const auto& [device, primary] : d.primary)
      if (primary.get() == top && primary->users > 0) context = top;
    if (result != CUDA_SUCCESS) {
      if (context && ends_context(result)) context->dead = result;
      return;
    }
    if (needs != kNothing && !d.initialized) result = d.misuse(entry, "before cuInit", CUDA_ERROR_NOT_INITIALIZED);
    if (needs < kContext || result != CUDA_SUCCESS) return;
    if (!context) {
      result = d.misuse(entry, "no context is current", CUDA_ERROR_INVALID_CONTEXT);
    } else if (context->dead != CUDA_SUCCESS && needs != kFreeing) {
      result = context->dead;
    }
  }

  CUresult misuse(const std::string& what, CUresult error) { return driver().misuse(entry_, what, error); }

  // A handle of the current context.
  template <class Map, class Handle>
  auto find(Map& map, Handle handle, const char* kind) -> typename Map::mapped_type::element_type* {
    const auto found = map.find(handle);
    if (found != map.end()) return found->second.get();
    result = misuse(std::string("not a ") + kind + " of the current context", CUDA_ERROR_INVALID_HANDLE);
    return nullptr;
  }
  Stream* stream(CUstream handle) { return find(context->streams, static_cast<void*>(handle), "stream"); }
  Event* event(CUevent handle) { return find(context->events, static_cast<void*>(handle), "event"); }

  CUresult result;
  CUresult wanted;  // what calls that free something return
  Context* context = nullptr;

 private:
  static bool frees(const std::string& entry) {
    static const std::set<std::string> all = {"cuCtxPopCurrent_v2", "cuDevicePrimaryCtxRelease_v2", "cuMemFree_v2",
                                              "cuMemFreeHost",      "cuStreamDestroy_v2",           "cuEventDestroy_v2",
                                              "cuModuleUnload"};
    return all.count(entry) > 0;
  }

  const char* const entry_;
  const std::lock_guard<std::mutex> lock_;
};

#define BEGIN(entry, needs)       \
  Call call(#entry, Call::needs); \
  if (call.result != CUDA_SUCCESS) return call.result

// Does the next thing in a stream.
CUresult step(Stream& stream) {
  Stream::Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  CUresult result = stream.context->dead;
  if (result == CUDA_SUCCESS) result = work.run();
  if (result != CUDA_SUCCESS) stream.context->dead = result;
  stream.done++;
  return result;
}

CUresult run_until(Stream& stream, uint64_t place) {
  while (stream.done < place && !stream.queue.empty())
    step(stream);
  return stream.context->dead;
}

void push(Stream& stream, Stream::Work work) {
  stream.queue.push_back(std::move(work));
  stream.queued++;
}

bool passed(const Event& event) {
  const auto stream = event.stream.lock();
  return !stream || stream->done >= event.place;
}

// Results that are not there yet must not be looked at: what they will overwrite becomes rubbish, unless queued work
// has yet to read it.
void spoil(Context& context, uint8_t* host, size_t size) {
  for (const auto& [handle, stream] : context.streams)
    for (const Stream::Work& work : stream->queue)
      if (work.host && host < work.host + work.host_size && work.host < host + size) return;
  std::memset(host, DeviceMemory::kRubbish, size);
}

CUresult copy_to_device(Context& context, uint64_t to, const uint8_t* from, size_t size) {
  DeviceMemory* const memory = context.find(to, size);
  if (!memory) return CUDA_ERROR_ILLEGAL_ADDRESS;
  const DeviceMemory::Open open(*memory);
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return CUDA_SUCCESS;
}

CUresult copy_to_host(Context& context, uint8_t* to, uint64_t from, size_t size) {
  DeviceMemory* const memory = context.find(from, size);
  if (!memory) return CUDA_ERROR_ILLEGAL_ADDRESS;
  const DeviceMemory::Open open(*memory);
  std::memcpy(to, reinterpret_cast<const void*>(from), size);
  return CUDA_SUCCESS;
}

CUresult run_kernel(Context& context, const Kernel& kernel, const Grid& grid, uint64_t from, uint64_t to,
                    uint64_t blocks) {
  Driver& d = driver();
  if (const CUresult error = d.wanted_failure("kernel", ++d.kernels); error != CUDA_SUCCESS) return error;
  DeviceMemory* const source = context.find(from, blocks * kernel.source_block);
  DeviceMemory* const destination = context.find(to, blocks * kernel.destination_block);
  if (!source || !destination) return CUDA_ERROR_ILLEGAL_ADDRESS;
  const DeviceMemory::Open open_source(*source), open_destination(*destination);
  const std::string wrong = run(kernel, d.runs, grid.blocks, grid.threads, reinterpret_cast<const uint8_t*>(from),
                                reinterpret_cast<uint8_t*>(to), blocks);
  return wrong.empty() ? CUDA_SUCCESS : d.misuse("kernel", wrong, CUDA_ERROR_LAUNCH_FAILED);
}

// The pieces of memory that a task names. Empty: one of them is nowhere.
std::vector<DeviceMemory*> pieces_of(Context& context, const qn::portable::MatrixTask& task) {
  const qn::portable::Matrix& m = task.matrix;
  std::vector<DeviceMemory*> pieces;
  for (const uint8_t* array : {m.codes, m.scales, m.zeros, m.group_index, m.levels, m.scale_levels, m.scale_scales,
                               static_cast<const uint8_t*>(task.destination)}) {
    if (!array) continue;
    pieces.push_back(context.find(reinterpret_cast<uint64_t>(array), 1));
    if (!pieces.back()) return {};
  }
  return pieces;
}

std::vector<DeviceMemory*> pieces_of(Context& context, const qn::portable::EncodeTask& task, const Kernel& kernel) {
  const uint64_t number = task.input == 0 ? 4 : 2, values = kernel.source_block;
  std::vector<DeviceMemory*> pieces;
  const auto add = [&](const void* address, uint64_t size) {
    if (address) pieces.push_back(context.find(reinterpret_cast<uint64_t>(address), size));
  };
  add(task.source, task.blocks * values * number);
  add(task.destination, task.blocks * kernel.destination_block);
  add(task.importance, task.blocks_per_row * values * sizeof(float));
  add(task.first_nonfinite, sizeof *task.first_nonfinite);
  if (std::count(pieces.begin(), pieces.end(), nullptr)) return {};
  // A piece may hold several.
  std::sort(pieces.begin(), pieces.end());
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  return pieces;
}

// A kernel whose one parameter is a task.
template <class Task>
CUresult run_task(const Kernel& kernel, const Grid& grid, const Task& task, const std::vector<DeviceMemory*>& pieces) {
  Driver& d = driver();
  if (const CUresult error = d.wanted_failure("kernel", ++d.kernels); error != CUDA_SUCCESS) return error;
  if (pieces.empty()) return CUDA_ERROR_ILLEGAL_ADDRESS;
  std::deque<DeviceMemory::Open> open;
  for (const DeviceMemory* piece : pieces)
    open.emplace_back(*piece);
  const std::string wrong =
      run(kernel, d.runs, grid.blocks, grid.threads, reinterpret_cast<const uint8_t*>(&task), nullptr, 0);
  return wrong.empty() ? CUDA_SUCCESS : d.misuse("kernel", wrong, CUDA_ERROR_LAUNCH_FAILED);
}

std::vector<uint64_t> addresses_of(const std::vector<DeviceMemory*>& pieces) {
  std::vector<uint64_t> addresses;
  for (const DeviceMemory* piece : pieces)
    addresses.push_back(piece->address());
  return addresses;
}

// The number behind the last `.` of a directive of PTX, such as ".target sm_75" or ".version 6.3", without dots.
int directive(const std::string& ptx, const char* name) {
  const size_t at = ptx.find(name);
  if (at == std::string::npos) return -1;
  int value = 0;
  bool any = false;
  for (size_t i = at + std::strlen(name); i < ptx.size() && (std::isdigit(ptx[i]) || ptx[i] == '.'); i++)
    if (ptx[i] != '.') value = value * 10 + ptx[i] - '0', any = true;
  return any ? value : -1;
}

}  // namespace

// ---------------------------------------------------------------- for tests

extern "C" void fake_cuda_configure(const char* settings) {
  Driver& d = driver();
  const std::lock_guard<std::mutex> lock(d.lock);
  d.initialized = false;
  d.devices = 1;
  d.runs = kDefaultRuns;
  d.version = 12040;
  d.memory = size_t{1} << 30;
  d.capabilities.clear();
  d.failures.clear();
  d.misuses.clear();
  d.primary.clear();
  d.add(settings);
}

extern "C" void fake_cuda_add(const char* settings) {
  Driver& d = driver();
  const std::lock_guard<std::mutex> lock(d.lock);
  d.failures.clear();
  d.add(settings);
}

extern "C" FakeCudaCounts fake_cuda_counts() {
  Driver& d = driver();
  const std::lock_guard<std::mutex> lock(d.lock);
  FakeCudaCounts counts{};
  for (const auto& [device, context] : d.primary) {
    counts.contexts += context->users;
    counts.modules += static_cast<int>(context->modules.size());
    counts.streams += static_cast<int>(context->streams.size()) - 1;  // the default stream
    counts.events += static_cast<int>(context->events.size());
    counts.device_buffers += static_cast<int>(context->memory.size());
    counts.pinned_buffers += static_cast<int>(context->pinned.size());
  }
  return counts;
}

extern "C" int fake_cuda_calls(const char* entry) {
  Driver& d = driver();
  const std::lock_guard<std::mutex> lock(d.lock);
  return d.calls[entry];
}

extern "C" const char* fake_cuda_misuses() {
  Driver& d = driver();
  const std::lock_guard<std::mutex> lock(d.lock);
  return d.misuses.c_str();
}

// ------------------------------------------------------------- entry points

CUresult cuInit(unsigned) {
  BEGIN(cuInit, kNothing);
  if (driver().devices == 0) return CUDA_ERROR_NO_DEVICE;
  driver().initialized = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int* version) {
  BEGIN(cuDriverGetVersion, kNothing);
  *version = driver().version;
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char** name) {
  BEGIN(cuGetErrorName, kNothing);
  switch (error) {
#define NAME(error) \
  case error:       \
    *name = #error; \
    return CUDA_SUCCESS
    NAME(CUDA_ERROR_INVALID_VALUE);
    NAME(CUDA_ERROR_OUT_OF_MEMORY);
    NAME(CUDA_ERROR_NOT_INITIALIZED);
    NAME(CUDA_ERROR_NO_DEVICE);
    NAME(CUDA_ERROR_INVALID_DEVICE);
    NAME(CUDA_ERROR_INVALID_IMAGE);
    NAME(CUDA_ERROR_INVALID_CONTEXT);
    NAME(CUDA_ERROR_NO_BINARY_FOR_GPU);
    NAME(CUDA_ERROR_ECC_UNCORRECTABLE);
    NAME(CUDA_ERROR_INVALID_PTX);
    NAME(CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
    NAME(CUDA_ERROR_INVALID_HANDLE);
    NAME(CUDA_ERROR_NOT_FOUND);
    NAME(CUDA_ERROR_NOT_READY);
    NAME(CUDA_ERROR_ILLEGAL_ADDRESS);
    NAME(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
    NAME(CUDA_ERROR_LAUNCH_TIMEOUT);
    NAME(CUDA_ERROR_MISALIGNED_ADDRESS);
    NAME(CUDA_ERROR_LAUNCH_FAILED);
#undef NAME
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuGetErrorString(CUresult, const char** text) {
  BEGIN(cuGetErrorString, kNothing);
  *text = "as the fake driver was told";
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int* count) {
  BEGIN(cuDeviceGetCount, kInit);
  *count = driver().devices;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  BEGIN(cuDeviceGet, kInit);
  if (ordinal < 0 || ordinal >= driver().devices) return call.misuse("no such device", CUDA_ERROR_INVALID_DEVICE);
  *device = 100 + ordinal;  // not the ordinal: they are different things
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char* name, int size, CUdevice device) {
  BEGIN(cuDeviceGetName, kInit);
  std::snprintf(name, static_cast<size_t>(size), "Fake GPU %d", device - 100);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  BEGIN(cuDeviceGetAttribute, kInit);
  const int capability = driver().capability(device - 100);
  *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR ? capability / 10 : capability % 10;
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice) {
  BEGIN(cuDeviceTotalMem_v2, kInit);
  *bytes = driver().memory;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  BEGIN(cuDevicePrimaryCtxRetain, kInit);
  auto& primary = driver().primary[device - 100];
  if (!primary) {
    primary = std::make_unique<Context>();
    primary->device = device - 100;
  }
  if (primary->dead != CUDA_SUCCESS) return primary->dead;
  primary->users++;
  *context = reinterpret_cast<CUcontext>(primary.get());
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  BEGIN(cuDevicePrimaryCtxRelease_v2, kInit);
  const auto found = driver().primary.find(device - 100);
  if (found == driver().primary.end() || found->second->users == 0)
    return call.misuse("not retained", CUDA_ERROR_INVALID_CONTEXT);
  Context& context = *found->second;
  if (--context.users > 0) return call.wanted;
  if (context.streams.size() > 1 || !context.events.empty() || !context.memory.empty() || !context.pinned.empty() ||
      !context.modules.empty())
    call.misuse("something is left in the context", CUDA_SUCCESS);
  driver().primary.erase(found);
  return call.wanted;
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  BEGIN(cuCtxPushCurrent_v2, kInit);
  for (const auto& [device, primary] : driver().primary)
    if (primary.get() == reinterpret_cast<Context*>(context) && primary->users > 0) {
      current.push_back(context);
      return CUDA_SUCCESS;
    }
  return call.misuse("not a context", CUDA_ERROR_INVALID_CONTEXT);
}

CUresult cuCtxPopCurrent_v2(CUcontext* context) {
  BEGIN(cuCtxPopCurrent_v2, kInit);
  if (current.empty()) return call.misuse("nothing is pushed", CUDA_ERROR_INVALID_CONTEXT);
  *context = current.back();
  current.pop_back();
  return call.wanted;
}

CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
  BEGIN(cuMemGetInfo_v2, kContext);
  *total = driver().memory;
  *free = driver().memory - call.context->used;
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  BEGIN(cuMemAlloc_v2, kContext);
  if (bytes == 0) return call.misuse("0 bytes", CUDA_ERROR_INVALID_VALUE);
  if (bytes > driver().memory - call.context->used) return CUDA_ERROR_OUT_OF_MEMORY;
  auto memory = std::make_unique<DeviceMemory>(bytes);
  *address = memory->address();
  call.context->used += bytes;
  call.context->memory[memory->address()] = std::move(memory);
  return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  BEGIN(cuMemFree_v2, kFreeing);
  const auto found = call.context->memory.find(address);
  if (found == call.context->memory.end()) return call.misuse("not allocated here", CUDA_ERROR_INVALID_VALUE);
  for (const auto& [handle, stream] : call.context->streams)
    for (const Stream::Work& work : stream->queue)
      if (std::count(work.device.begin(), work.device.end(), address) && call.context->dead == CUDA_SUCCESS)
        call.misuse("freed while work on it is queued", CUDA_SUCCESS);
  if (found->second->overrun()) call.misuse("bytes around the memory were written", CUDA_SUCCESS);
  call.context->used -= found->second->size();
  call.context->memory.erase(found);
  return call.wanted;
}

CUresult cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
  BEGIN(cuMemHostAlloc, kContext);
  *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  std::memset(*memory, DeviceMemory::kRubbish, bytes);
  call.context->pinned[*memory] = bytes;
  return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void* memory) {
  BEGIN(cuMemFreeHost, kFreeing);
  if (!call.context->pinned.erase(memory)) return call.misuse("not allocated here", CUDA_ERROR_INVALID_VALUE);
  for (const auto& [handle, stream] : call.context->streams)
    for (const Stream::Work& work : stream->queue)
      if (work.host == memory && call.context->dead == CUDA_SUCCESS)
        call.misuse("freed while work on it is queued", CUDA_SUCCESS);
  std::free(memory);
  return call.wanted;
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream handle) {
  BEGIN(cuMemcpyHtoDAsync_v2, kContext);
  Stream* const stream = call.stream(handle);
  if (!stream) return call.result;
  DeviceMemory* const memory = call.context->find(to, bytes);
  if (!memory) return call.misuse("not memory of the GPU", CUDA_ERROR_INVALID_VALUE);
  const auto source = static_cast<const uint8_t*>(from);
  Context& context = *call.context;
  if (context.is_pinned(from, bytes)) {
    push(*stream,
         {[=, &context] { return copy_to_device(context, to, source, bytes); }, source, bytes, {memory->address()}});
  } else {  // as a real driver does, which has its own pinned memory for this
    const std::vector<uint8_t> kept(source, source + bytes);
    push(*stream,
         {[=, &context] { return copy_to_device(context, to, kept.data(), bytes); }, nullptr, 0, {memory->address()}});
  }
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream handle) {
  BEGIN(cuMemcpyDtoHAsync_v2, kContext);
  Stream* const stream = call.stream(handle);
  if (!stream) return call.result;
  DeviceMemory* const memory = call.context->find(from, bytes);
  if (!memory) return call.misuse("not memory of the GPU", CUDA_ERROR_INVALID_VALUE);
  const auto destination = static_cast<uint8_t*>(to);
  Context& context = *call.context;
  spoil(context, destination, bytes);
  push(*stream, {[=, &context] { return copy_to_host(context, destination, from, bytes); },
                 destination,
                 bytes,
                 {memory->address()}});
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream handle) {
  BEGIN(cuMemcpyDtoDAsync_v2, kContext);
  Stream* const stream = call.stream(handle);
  if (!stream) return call.result;
  DeviceMemory *const source = call.context->find(from, bytes), *const destination = call.context->find(to, bytes);
  if (!source || !destination) return call.misuse("not memory of the GPU", CUDA_ERROR_INVALID_VALUE);
  Context& context = *call.context;
  push(*stream, {[=, &context] {
                   std::vector<uint8_t> content(bytes);
                   const CUresult result = copy_to_host(context, content.data(), from, bytes);
                   return result == CUDA_SUCCESS ? copy_to_device(context, to, content.data(), bytes) : result;
                 },
                 nullptr,
                 0,
                 {source->address(), destination->address()}});
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream* stream, unsigned) {
  BEGIN(cuStreamCreate, kContext);
  auto made = std::make_shared<Stream>(Stream{call.context, {}, 0, 0});
  *stream = reinterpret_cast<CUstream>(made.get());
  call.context->streams[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy_v2(CUstream handle) {
  BEGIN(cuStreamDestroy_v2, kFreeing);
  Stream* const stream = call.stream(handle);
  if (!stream) return call.result;
  run_until(*stream, stream->queued);
  call.context->streams.erase(handle);
  return call.wanted;
}

CUresult cuStreamGetCtx(CUstream handle, CUcontext* context) {
  BEGIN(cuStreamGetCtx, kContext);
  for (const auto& [device, primary] : driver().primary)
    if (handle && primary->streams.count(handle)) {
      *context = reinterpret_cast<CUcontext>(primary.get());
      return CUDA_SUCCESS;
    }
  if (handle) return call.misuse("not a stream", CUDA_ERROR_INVALID_HANDLE);
  *context = current.back();
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream handle) {
  BEGIN(cuStreamSynchronize, kContext);
  Stream* const stream = call.stream(handle);
  return stream ? run_until(*stream, stream->queued) : call.result;
}

CUresult cuStreamQuery(CUstream handle) {
  BEGIN(cuStreamQuery, kContext);
  Stream* const stream = call.stream(handle);
  if (!stream) return call.result;
  if (stream->queue.empty()) return CUDA_SUCCESS;
  const CUresult result = step(*stream);
  return result == CUDA_SUCCESS ? CUDA_ERROR_NOT_READY : result;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent waited, unsigned) {
  BEGIN(cuStreamWaitEvent, kContext);
  Stream* const stream = call.stream(handle);
  Event* const event = stream ? call.event(waited) : nullptr;
  if (!event) return call.result;
  const std::weak_ptr<Stream> other = event->stream;
  const uint64_t place = event->place;
  push(*stream, {[=] {
                   const auto first = other.lock();
                   return first ? run_until(*first, place) : CUDA_SUCCESS;
                 },
                 nullptr,
                 0,
                 {}});
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent* event, unsigned) {
  BEGIN(cuEventCreate, kContext);
  auto made = std::make_unique<Event>();
  made->context = call.context;
  *event = reinterpret_cast<CUevent>(made.get());
  call.context->events[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent handle) {
  BEGIN(cuEventDestroy_v2, kFreeing);
  if (!call.event(handle)) return call.result;
  call.context->events.erase(handle);
  return call.wanted;
}

CUresult cuEventRecord(CUevent handle, CUstream where) {
  BEGIN(cuEventRecord, kContext);
  Stream* const stream = call.stream(where);
  Event* const event = stream ? call.event(handle) : nullptr;
  if (!event) return call.result;
  push(*stream, {[] { return CUDA_SUCCESS; }, nullptr, 0, {}});
  event->stream = call.context->streams[where];
  event->place = stream->queued;
  event->recorded = true;
  event->time = driver().clock += 1;
  return CUDA_SUCCESS;
}

CUresult cuEventQuery(CUevent handle) {
  BEGIN(cuEventQuery, kContext);
  Event* const event = call.event(handle);
  if (!event) return call.result;
  if (passed(*event)) return CUDA_SUCCESS;
  const CUresult result = step(*event->stream.lock());
  return result == CUDA_SUCCESS ? CUDA_ERROR_NOT_READY : result;
}

CUresult cuEventSynchronize(CUevent handle) {
  BEGIN(cuEventSynchronize, kContext);
  Event* const event = call.event(handle);
  if (!event) return call.result;
  const auto stream = event->stream.lock();
  return stream ? run_until(*stream, event->place) : CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  BEGIN(cuEventElapsedTime, kContext);
  Event *const first = call.event(start), *const last = first ? call.event(end) : nullptr;
  if (!last) return call.result;
  if (!first->recorded || !last->recorded) return CUDA_ERROR_INVALID_HANDLE;
  if (!passed(*first) || !passed(*last)) return CUDA_ERROR_NOT_READY;
  *milliseconds = last->time - first->time;
  return CUDA_SUCCESS;
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned option_count, CUjit_option* options,
                            void** values) {
  Call call("cuModuleLoadDataEx", Call::kContext);
  const auto complain = [&](const char* text) {
    for (unsigned i = 0; i + 1 < option_count; i++)
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER && options[i + 1] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        std::snprintf(static_cast<char*>(values[i]), reinterpret_cast<uintptr_t>(values[i + 1]), "%s", text);
  };
  if (call.result != CUDA_SUCCESS) {
    complain("ptxas application ptx input, line 7; fatal   : Parsing error\nptxas fatal : Ptx assembly aborted");
    return call.result;
  }
  const std::string ptx = static_cast<const char*>(image);
  const int version = directive(ptx, ".version "), target = directive(ptx, ".target sm_");
  if (version < 0 || target < 0) return call.misuse("not PTX", CUDA_ERROR_INVALID_IMAGE);
  // CUDA 11.x came with PTX 7.x, 12.x with 8.x.
  if (version > (driver().version / 1000 - 4) * 10 + driver().version % 1000 / 10)
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  if (target > driver().capability(call.context->device))
    return call.misuse("the image is for a newer GPU", CUDA_ERROR_NO_BINARY_FOR_GPU);
  auto made = std::make_unique<Module>();
  made->context = call.context;
  for (size_t at = 0; (at = ptx.find(".entry ", at)) != std::string::npos;) {
    at += 7;
    made->entries.insert(ptx.substr(at, ptx.find_first_of("( \n\t", at) - at));
  }
  *module = reinterpret_cast<CUmodule>(made.get());
  call.context->modules[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule handle) {
  BEGIN(cuModuleUnload, kFreeing);
  Module* const module = call.find(call.context->modules, static_cast<void*>(handle), "module");
  if (!module) return call.result;
  auto& functions = call.context->functions;
  for (auto it = functions.begin(); it != functions.end();)
    it = it->second->module == module ? functions.erase(it) : std::next(it);
  call.context->modules.erase(handle);
  return call.wanted;
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule handle, const char* name) {
  BEGIN(cuModuleGetFunction, kContext);
  Module* const module = call.find(call.context->modules, static_cast<void*>(handle), "module");
  if (!module) return call.result;
  const Kernel* const kernel = find_kernel(name);
  if (!module->entries.count(name) || !kernel)
    return call.misuse(std::string("no kernel ") + name, CUDA_ERROR_NOT_FOUND);
  auto made = std::make_unique<Function>(Function{module, kernel});
  *function = reinterpret_cast<CUfunction>(made.get());
  call.context->functions[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream where, void** parameters,
                        void** extra) {
  BEGIN(cuLaunchKernel, kContext);
  Function* const function = call.find(call.context->functions, static_cast<void*>(handle), "function");
  Stream* const stream = function ? call.stream(where) : nullptr;
  if (!stream) return call.result;
  if (grid_x == 0 || grid_x > 0x7fffffff || grid_y != 1 || grid_z != 1 || block_x == 0 || block_x > 1024 ||
      block_y != 1 || block_z != 1 || shared_bytes != 0 || extra)
    return call.misuse("a launch that no GPU accepts", CUDA_ERROR_INVALID_VALUE);
  const Kernel& kernel = *function->kernel;
  const Grid grid{grid_x, block_x};
  Context& context = *call.context;
  if (kernel.parameters == Parameters::kMatrixTask) {
    const auto task = *static_cast<const qn::portable::MatrixTask*>(parameters[0]);
    push(*stream, {[=, &context, &kernel] { return run_task(kernel, grid, task, pieces_of(context, task)); }, nullptr,
                   0, addresses_of(pieces_of(context, task))});
    return CUDA_SUCCESS;
  }
  if (kernel.parameters == Parameters::kEncodeTask) {
    const auto task = *static_cast<const qn::portable::EncodeTask*>(parameters[0]);
    push(*stream, {[=, &context, &kernel] { return run_task(kernel, grid, task, pieces_of(context, task, kernel)); },
                   nullptr, 0, addresses_of(pieces_of(context, task, kernel))});
    return CUDA_SUCCESS;
  }
  const uint64_t from = *static_cast<uint64_t*>(parameters[0]);
  const uint64_t to = *static_cast<uint64_t*>(parameters[1]);
  const uint64_t blocks = *static_cast<uint64_t*>(parameters[2]);
  DeviceMemory *const source = context.find(from, 1), *const destination = context.find(to, 1);
  push(*stream, {[=, &context, &kernel] { return run_kernel(context, kernel, grid, from, to, blocks); },
                 nullptr,
                 0,
                 {source ? source->address() : 0, destination ? destination->address() : 0}});
  return CUDA_SUCCESS;
}
