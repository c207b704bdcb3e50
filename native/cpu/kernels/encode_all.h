// SPDX-License-Identifier: MIT
//
// All vector encoders, for units that have included a vocabulary (simd/*_encode.h).
#pragma once

#include "encode_blocks_of_32.h"
#include "encode_bytes.h"
#include "encode_e2m1.h"
#include "encode_few_bits.h"
#include "encode_iq4.h"
#include "encode_k_formats.h"
#include "encode_plain.h"
