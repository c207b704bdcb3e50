// SPDX-License-Identifier: MIT
//
// Encoders, compiled for AVX-512: see avx512.cpp.
#define QN_TARGET avx512

#include "simd/avx512_encode.h"

#include "kernels/encode_all.h"

#include "encoders.inl"
