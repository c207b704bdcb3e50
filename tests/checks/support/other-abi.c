/* SPDX-License-Identifier: MIT
 *
 * A library that says it has a later interface than any. */
#include "quantnet.h"

uint32_t qn_abi_version(void) { return QN_ABI_VERSION + 1; }
