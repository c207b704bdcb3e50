// SPDX-License-Identifier: MIT
//
// Encoders, compiled for AVX2: see avx2.cpp.
#define QN_TARGET avx2

#include "simd/avx2_encode.h"

#include "kernels/encode_all.h"

#include "encoders.inl"
