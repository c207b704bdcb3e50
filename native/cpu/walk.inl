// SPDX-License-Identifier: MIT
//
// The loop over blocks, the general kernel for formats that have none of their own, and the table. Included last by
// each unit that is compiled for an instruction set, after the kernels that the unit has.
//
// A kernel is an overload of dequantize(const Format& block, Out out), for one block; a plain format, whose
// blocks are single numbers, has one of dequantize_run(const Format* numbers, size_t count, Out out). The general
// kernel returns Untuned instead of void, which is how the table tells them apart.

#include "../formats/formats.h"
#include "kernels.h"
#include "output.h"

namespace qn::QN_TARGET {

struct Untuned {};

// Decodes group by group with the format's own decode(): plain code, as good as the compiler makes it.
template <class Block, class Out>
inline Untuned dequantize(const Block& block, Out out) {
  for (int first = 0; first < Block::kValues; first += Block::kGroup) {
    float weights[Block::kGroup];
    block.decode(first, weights);
    for (int i = 0; i < Block::kGroup; i++)
      out.put(first + i, weights[i]);
  }
  return {};
}

template <class Block, class Out>
inline auto dequantize_run(const Block* blocks, size_t count, Out out) -> decltype(dequantize(*blocks, out)) {
  for (size_t i = 0; i < count; i++)
    dequantize(blocks[i], out.at(i * Block::kValues));
  return decltype(dequantize(*blocks, out))();
}

#ifdef QN_STREAMS
inline void stream(uint8_t* to, const uint8_t* from, size_t bytes) {
  const size_t before = -reinterpret_cast<uintptr_t>(to) % kStreamAlignment;  // bytes up to the first whole line
  const size_t head = before < bytes ? before : bytes;
  memcpy(to, from, head);
  size_t i = head;
  for (; i + kStreamAlignment <= bytes; i += kStreamAlignment)
    stream_line(to + i, from + i);
  memcpy(to + i, from + i, bytes - i);
}

// Streamed stores are not ordered with others, such as the one that says the work is done.
inline void finish_streaming() { _mm_sfence(); }
#endif

// Same-type copies keep the bits of a NaN too.
template <class T, bool kStream>
inline void dequantize_run(const T* numbers, size_t count, Output<T, kStream> out) {
  const auto from = reinterpret_cast<const uint8_t*>(numbers);
#ifdef QN_STREAMS
  if constexpr (kStream) return stream(out.bytes, from, count * sizeof(T));
#endif
  memcpy(out.bytes, from, count * sizeof(T));
}

template <class Block, class Out>
void dequantize_kernel(const uint8_t* __restrict source, uint8_t* __restrict destination, size_t blocks) {
  // All format structs have alignment 1 and hold only bytes.
  dequantize_run(reinterpret_cast<const Block*>(source), blocks, Out{destination});
#ifdef QN_STREAMS
  if constexpr (Out::kStreamed) finish_streaming();
#endif
}

template <class Block, class T>
constexpr DequantizeKernel streamed_kernel() {
#ifdef QN_STREAMS
  return dequantize_kernel<Block, Output<T, true>>;
#else
  return nullptr;
#endif
}

template <class A, class B>
inline constexpr bool kSame = false;
template <class A>
inline constexpr bool kSame<A, A> = true;

template <class Block>
inline constexpr bool kTuned =
    !kSame<decltype(dequantize_run(static_cast<const Block*>(nullptr), 0, Output<F32>{})), Untuned>;

static constexpr KernelRow kRows[] = {
#define QN_ROW(format, number)                                                                        \
  {{dequantize_kernel<format, Output<F32>>, dequantize_kernel<format, Output<F16>>,                   \
    dequantize_kernel<format, Output<BF16>>},                                                         \
   {streamed_kernel<format, F32>(), streamed_kernel<format, F16>(), streamed_kernel<format, BF16>()}, \
   {QN_STRING(QN_TARGET) "/" #format "/f32", QN_STRING(QN_TARGET) "/" #format "/f16",                 \
    QN_STRING(QN_TARGET) "/" #format "/bf16"},                                                        \
   kTuned<format>},
    QN_FORMATS(QN_ROW)
#undef QN_ROW
};

#ifdef QN_STREAMS
extern const KernelSet kKernels = {kRows, stream, finish_streaming};
#else
extern const KernelSet kKernels = {kRows, nullptr, nullptr};
#endif

}  // namespace qn::QN_TARGET
