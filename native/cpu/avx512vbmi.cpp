// SPDX-License-Identifier: MIT
//
// Kernels for AVX-512 with VBMI, VBMI2 and VNNI. Where these instructions pay, a format has a kernel of its own; the
// others are the AVX-512 text, compiled again with these instructions at hand.
#define QN_TARGET avx512vbmi

#include "simd/avx512.h"

#include "kernels/all.h"
#include "kernels/iq_vbmi.h"
#include "kernels/narrow_grids.h"
#include "kernels/wide.h"
#include "kernels/words.h"
#include "walk.inl"
