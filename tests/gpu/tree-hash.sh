#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The hash of all sources that a GPU kit is made from; git is not needed, and not asked.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
find native src tests/gpu tests/native/support tests/vectors samples/models -type f \
  ! -path '*/bin/*' ! -path '*/obj/*' ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
