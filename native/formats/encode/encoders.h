// SPDX-License-Identifier: MIT
//
// All encoders: overloads of encode(const Values&, Format&).
#pragma once

#include "blocks_of_32.h"
#include "e2m1.h"
#include "few_bits.h"
#include "iq1.h"
#include "iq2_iq3.h"
#include "iq4.h"
#include "k_formats.h"
#include "plain.h"
