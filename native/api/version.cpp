// SPDX-License-Identifier: MIT
#include "quantnet.h"

#define QN_STRING_OF(x) #x
#define QN_STRING(x) QN_STRING_OF(x)

uint32_t qn_abi_version(void) { return QN_ABI_VERSION; }

const char* qn_version(void) {
  return QN_STRING(QN_VERSION_MAJOR) "." QN_STRING(QN_VERSION_MINOR) "." QN_STRING(QN_VERSION_PATCH);
}
