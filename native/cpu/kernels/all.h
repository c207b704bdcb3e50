// SPDX-License-Identifier: MIT
#pragma once

#include "blocks_of_32.h"
#include "few_bits.h"
#include "iq_runs.h"
#include "k_formats.h"
#include "plain.h"
