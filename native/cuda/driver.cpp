// SPDX-License-Identifier: MIT
#include "driver.h"

#include <stdio.h>
#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

// dlopen moved from libdl to libc with glibc 2.34. The old version's name is found in both, so that a library built on
// a new system runs on an old one.
#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
__asm__(".symver dlerror, dlerror@GLIBC_2.2.5");
#endif

namespace qn::cuda {
namespace {

#if defined(_WIN32)

void* open_library(char (&reason)[256]) {
  const HMODULE library = LoadLibraryExA("nvcuda.dll", nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (!library)
    snprintf(reason, sizeof reason, "there is no NVIDIA driver (nvcuda.dll: error %lu)",
             static_cast<unsigned long>(GetLastError()));
  return reinterpret_cast<void*>(library);
}

void* find(void* library, const char* symbol) {
  return reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(library), symbol));
}

#else

void* open_library(char (&reason)[256]) {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const error = dlerror();
    snprintf(reason, sizeof reason, "there is no NVIDIA driver (%.200s)", error ? error : "libcuda.so.1");
  }
  return library;
}

void* find(void* library, const char* symbol) { return dlsym(library, symbol); }

#endif

struct Search {
  Driver driver{};
  bool found = false;
  char reason[256] = "";

  // The library stays loaded: its own threads may run until the process ends.
  Search() {
    void* const library = open_library(reason);
    if (!library) return;
#define QN_FIND(member, symbol, parameters) \
  if (!find_entry(library, #symbol, driver.member)) return;
    QN_CUDA_ENTRIES(QN_FIND)
#undef QN_FIND
    found = true;
  }

  template <class Function>
  bool find_entry(void* library, const char* symbol, Function& function) {
    void* const address = find(library, symbol);
    static_assert(sizeof function == sizeof address);
    memcpy(&function, &address, sizeof function);
    if (!address)
      snprintf(reason, sizeof reason, "the NVIDIA driver is too old: it lacks %s, which CUDA %d.%d has", symbol,
               kOldestDriver / 1000, kOldestDriver % 1000 / 10);
    return address;
  }
};

}  // namespace

Driver::ErrorText Driver::describe(CUresult error) const {
  ErrorText said;
  const char* text = nullptr;
  if (get_error_name(error, &text) == CUDA_SUCCESS && text)
    snprintf(said.name, sizeof said.name, "%s", text);
  else
    snprintf(said.name, sizeof said.name, "error %d", static_cast<int>(error));
  text = nullptr;
  if (get_error_string(error, &text) != CUDA_SUCCESS || !text) text = "unknown to the driver";
  snprintf(said.text, sizeof said.text, "%s", text);
  return said;
}

const Driver* find_driver(const char*& reason) {
  static const Search search;
  reason = search.reason;
  return search.found ? &search.driver : nullptr;
}

}  // namespace qn::cuda
