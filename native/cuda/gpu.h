// SPDX-License-Identifier: MIT
//
// What kernels use of a GPU, by plain names: all of CUDA that they know is here. clang (without the CUDA SDK), nvcc
// and, with QN_EMULATED, any C++ compiler take it; for the last, tests/native/cuda/emulation.h plays the GPU.
#pragma once

#include "../formats/common.h"

// QN_KERNEL(threads, blocks): the most threads of a CUDA block, and how many blocks a multiprocessor is to have at
// least, which limits the registers of a thread; 0 or nothing leaves them to the driver's compiler.
#ifdef QN_EMULATED
#include "emulation.h"
#define QN_DEVICE inline __attribute__((always_inline))
#define QN_KERNEL(...) static void
#elif defined(__clang__)
#define QN_DEVICE __attribute__((device)) inline __attribute__((always_inline))
#define QN_KERNEL(...) extern "C" __attribute__((global, launch_bounds(__VA_ARGS__))) void
#define __shared__ __attribute__((shared))
#else
#define QN_DEVICE __device__ __forceinline__
#define QN_KERNEL(...) extern "C" __global__ void __launch_bounds__(__VA_ARGS__)
#endif

// A table that threads read at different places, in global memory: of constant memory a warp reads one place at a time.
// Not const, because clang makes constant memory of what is.
#ifdef QN_EMULATED
#define QN_BOOK static constexpr
#elif defined(__clang__)
#define QN_BOOK [[maybe_unused]] static __attribute__((device))
#else
#define QN_BOOK [[maybe_unused]] static __device__
#endif

// Before a loop: leave it one, or make it none.
#ifdef QN_EMULATED
#define QN_ROLLED
#define QN_UNROLLED
#else
#define QN_ROLLED _Pragma("unroll 1")
#define QN_UNROLLED _Pragma("unroll")
#endif

namespace qn::QN_TARGET {

struct alignas(8) Words2 {
  uint32_t word[2];
};
struct alignas(16) Words4 {
  uint32_t word[4];
};

#ifdef QN_EMULATED

QN_DEVICE uint32_t thread_index() { return emulation::thread_index(); }
QN_DEVICE uint32_t block_index() { return emulation::block_index(); }
// No thread of the CUDA block goes on before all have come here.
QN_DEVICE void barrier() { emulation::barrier(); }
// The value of the thread whose lane differs in the lowest bit. All threads of a warp ask together.
QN_DEVICE uint32_t neighbour(uint32_t value) { return emulation::shuffle_xor(value, 1); }
// Whether all threads of a warp say so; they ask together.
QN_DEVICE bool all_lanes(bool says) {
  uint32_t no = !says;
  for (uint32_t lanes = 1; lanes < 32; lanes *= 2)
    no |= emulation::shuffle_xor(no, lanes);
  return !no;
}
template <int kBytes>
QN_DEVICE uint8_t* shared_memory() {
  return emulation::shared_memory(kBytes);
}
// Four bytes out of eight, a below b; nibble n of `selector` says which becomes byte n.
QN_DEVICE uint32_t permute(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t both = uint64_t{b} << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; i++)
    result |= static_cast<uint32_t>(both >> 8 * (selector >> 4 * i & 7) & 255) << 8 * i;
  return result;
}
// The lower word of high:low shifted right by `bits` (0..31).
QN_DEVICE uint32_t funnel(uint32_t low, uint32_t high, uint32_t bits) {
  return static_cast<uint32_t>((uint64_t{high} << 32 | low) >> (bits & 31));
}
// All 64 bits of a product.
QN_DEVICE uint64_t wide_product(uint32_t a, uint32_t b) { return uint64_t{a} * b; }
QN_DEVICE uint32_t count_bits(uint32_t word) { return static_cast<uint32_t>(__builtin_popcount(word)); }
// a * b + c, rounded once.
QN_DEVICE float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
QN_DEVICE Words4 load16(const uint8_t* from) {
  emulation::check_aligned(from, 16);
  Words4 words;
  memcpy(&words, from, 16);
  return words;
}
QN_DEVICE Words2 load8_aligned(const uint8_t* from) {
  emulation::check_aligned(from, 8);
  Words2 words;
  memcpy(&words, from, 8);
  return words;
}
QN_DEVICE void store16(uint8_t* to, const Words4& words) {
  emulation::check_aligned(to, 16);
  memcpy(to, &words, 16);
}
template <class T>
QN_DEVICE T load_aligned(const uint8_t* from) {
  emulation::check_aligned(from, sizeof(T));
  T value;
  memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
QN_DEVICE void store_aligned(uint8_t* to, T value) {
  emulation::check_aligned(to, sizeof(T));
  memcpy(to, &value, sizeof value);
}
// Makes a number in global memory `value` if that is less, for all threads of the grid.
QN_DEVICE void lower(uint64_t* number, uint64_t value) {
  emulation::check_aligned(number, sizeof *number);
  if (value < *number) *number = value;
}

#else

QN_DEVICE uint32_t thread_index() {
#ifdef __clang__
  return __nvvm_read_ptx_sreg_tid_x();
#else
  return threadIdx.x;
#endif
}
QN_DEVICE uint32_t block_index() {
#ifdef __clang__
  return __nvvm_read_ptx_sreg_ctaid_x();
#else
  return blockIdx.x;
#endif
}
QN_DEVICE void barrier() { __syncthreads(); }
QN_DEVICE uint32_t neighbour(uint32_t value) {
#ifdef __clang__
  return static_cast<uint32_t>(__nvvm_shfl_sync_bfly_i32(0xffffffff, static_cast<int>(value), 1, 31));
#else
  return __shfl_xor_sync(0xffffffff, value, 1);
#endif
}
QN_DEVICE bool all_lanes(bool says) {
#ifdef __clang__
  return __nvvm_vote_all_sync(0xffffffff, says);
#else
  return __all_sync(0xffffffff, says);
#endif
}
// Of internal linkage, so that the memory is too: PTX knows no weak symbols there.
template <int kBytes>
static QN_DEVICE uint8_t* shared_memory() {
  static __shared__ Words4 memory[(kBytes + 15) / 16];
  return reinterpret_cast<uint8_t*>(memory);
}
// In assembly because the compilers spell the builtin differently.
QN_DEVICE uint32_t permute(uint32_t a, uint32_t b, uint32_t selector) {
  uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(selector));
  return result;
}
QN_DEVICE uint32_t funnel(uint32_t low, uint32_t high, uint32_t bits) {
  uint32_t result;
  asm("shf.r.wrap.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "r"(bits));
  return result;
}
// In assembly because clang makes a product of 64 bits of it, which is several.
QN_DEVICE uint64_t wide_product(uint32_t a, uint32_t b) {
  uint64_t result;
  asm("mul.wide.u32 %0, %1, %2;" : "=l"(result) : "r"(a), "r"(b));
  return result;
}
QN_DEVICE uint32_t count_bits(uint32_t word) {
#ifdef __clang__
  return static_cast<uint32_t>(__builtin_popcount(word));
#else
  return static_cast<uint32_t>(__popc(word));
#endif
}
QN_DEVICE float multiply_add(float a, float b, float c) {
#ifdef __clang__
  return __builtin_fmaf(a, b, c);
#else
  return __fmaf_rn(a, b, c);
#endif
}
#ifdef __clang__
// A struct would be loaded as two halves.
typedef uint32_t Vector2 __attribute__((ext_vector_type(2)));
typedef uint32_t Vector4 __attribute__((ext_vector_type(4)));
#else
typedef uint2 Vector2;
typedef uint4 Vector4;
#endif
QN_DEVICE Words4 load16(const uint8_t* from) {
  const Vector4 v = *reinterpret_cast<const Vector4*>(from);
  return {{v.x, v.y, v.z, v.w}};
}
QN_DEVICE Words2 load8_aligned(const uint8_t* from) {
  const Vector2 v = *reinterpret_cast<const Vector2*>(from);
  return {{v.x, v.y}};
}
QN_DEVICE void store16(uint8_t* to, const Words4& words) {
  Vector4 v;
  v.x = words.word[0];
  v.y = words.word[1];
  v.z = words.word[2];
  v.w = words.word[3];
  *reinterpret_cast<Vector4*>(to) = v;
}
template <class T>
QN_DEVICE T load_aligned(const uint8_t* from) {
  return *reinterpret_cast<const T*>(from);
}
template <class T>
QN_DEVICE void store_aligned(uint8_t* to, T value) {
  *reinterpret_cast<T*>(to) = value;
}
// In assembly because the compilers spell the builtin differently.
QN_DEVICE void lower(uint64_t* number, uint64_t value) {
  asm volatile("{ .reg .u64 global; cvta.to.global.u64 global, %0; red.global.min.u64 [global], %1; }"
               :
               : "l"(number), "l"(value)
               : "memory");
}

#endif

// `to` is a power of two.
QN_DEVICE bool is_aligned(const void* address, uint32_t to) {
  return (reinterpret_cast<uintptr_t>(address) & (to - 1)) == 0;
}

}  // namespace qn::QN_TARGET
