// SPDX-License-Identifier: MIT
//
// Kernels for AVX-512 F, BW, DQ, VL and CD.
#define QN_TARGET avx512

#include "simd/avx512.h"

#include "kernels/all.h"
#include "kernels/narrow_grids.h"
#include "kernels/wide.h"
#include "kernels/words.h"
#include "walk.inl"
