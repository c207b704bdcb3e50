#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Writes what instruction-sets.c prints to a file.
source "$(dirname "$0")/common.sh"
"$(program instruction-sets)" >"$1"
