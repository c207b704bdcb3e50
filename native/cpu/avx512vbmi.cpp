// SPDX-License-Identifier: MIT
//
// Kernels for AVX-512 with VBMI, VBMI2 and VNNI.
#define QN_TARGET avx512vbmi

#include "simd/avx512.h"

#include "kernels/all.h"
#include "walk.inl"
