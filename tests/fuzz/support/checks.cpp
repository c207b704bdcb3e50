// SPDX-License-Identifier: MIT
#include "support/checks.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/reference.h"

namespace fuzz {

void check(bool holds, const char* message, ...) {
  if (holds) return;
  std::va_list values;
  va_start(values, message);
  std::fputs("fuzz: ", stderr);
  std::vfprintf(stderr, message, values);
  std::fputc('\n', stderr);
  va_end(values);
  std::abort();
}

void check_ok(qn_status status, const char* call) {
  check(status == QN_OK, "%s: found %s, expected QN_OK: %s", call, qn_status_name(status), qn_last_error());
}

void check_answer(qn_status status, const char* call) {
  check(std::strncmp(qn_status_name(status), "QN_", 3) == 0, "%s returned %d, which is no status", call, status);
  if (status == QN_OK) return;
  const char* const text = qn_last_error();
  const size_t length = std::strlen(text);
  check(length > 10 && length < 512, "%s failed with a text of %zu bytes", call, length);
  for (size_t i = 0; i < length; i++)
    check(static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7f, "%s: byte %zu of the text is %02x", call, i,
          static_cast<unsigned char>(text[i]));
}

void check_fails(qn_status status, qn_status expected, const char* call) {
  check_answer(status, call);
  check(status == expected, "%s: found %s, expected %s", call, qn_status_name(status), qn_status_name(expected));
}

void check_same(const uint8_t* expected, const uint8_t* found, size_t size, qn_format output, const char* who) {
  if (size == 0 || std::memcmp(expected, found, size) == 0) return;
  const std::string difference = test::difference({expected, expected + size}, {found, found + size}, output);
  check(difference.empty(), "%s: %s", who, difference.c_str());
}

}  // namespace fuzz
