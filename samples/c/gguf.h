/* SPDX-License-Identifier: MIT
 *
 * Just enough of GGUF (versions 2 and 3) to find one tensor in a file. */
#ifndef SAMPLE_GGUF_H
#define SAMPLE_GGUF_H

#include <stdint.h>
#include <stdio.h>

enum { GGUF_MAX_DIMS = 4 };

typedef struct gguf_tensor {
    uint32_t type;                /* a number of qn_format */
    uint32_t dim_count;           /* dimensions in use; the others are 1 */
    uint64_t dims[GGUF_MAX_DIMS]; /* the length of a row first */
    uint64_t value_count;         /* product of the dimensions */
    uint64_t file_offset;         /* where its data begin */
} gguf_tensor;

/* Finds a tensor by name in a file that stands at its beginning. Returns NULL and fills in the tensor, or returns what
 * is wrong. */
const char *gguf_find_tensor(FILE *file, const char *name, gguf_tensor *tensor);

#endif
