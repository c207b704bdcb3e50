/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "gguf.h"

#include <stdbool.h>
#include <string.h>

enum { kTypeUint32 = 4, kTypeString = 8, kTypeArray = 9, kMaxNesting = 8, kMaxName = 1024 };

static const char kTruncated[] = "the file ends too early or is damaged";

static bool read_number(FILE *file, size_t bytes, uint64_t *value) {
    uint8_t raw[8];
    if (fread(raw, 1, bytes, file) != bytes) return false;
    *value = 0;
    while (bytes-- > 0)
        *value = *value << 8 | raw[bytes];
    return true;
}

/* Skipping beyond the end is noticed by the next read. */
static bool skip(FILE *file, uint64_t bytes) { return bytes <= INT64_MAX && fseeko(file, (off_t)bytes, SEEK_CUR) == 0; }

static bool skip_string(FILE *file) {
    uint64_t length;
    return read_number(file, 8, &length) && skip(file, length);
}

/* Reads a string; one that is longer than the buffer becomes "", which is no name that anybody asks for. */
static bool read_string(FILE *file, char buffer[kMaxName]) {
    uint64_t length;
    buffer[0] = '\0';
    if (!read_number(file, 8, &length)) return false;
    if (length >= kMaxName) return skip(file, length);
    buffer[length] = '\0';
    return fread(buffer, 1, (size_t)length, file) == length;
}

static bool skip_values(FILE *file, uint64_t type, uint64_t count, int nesting) {
    /* uint8 int8 uint16 int16 uint32 int32 float32 bool (string array) uint64 int64 float64 */
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (type >= sizeof sizes || nesting > kMaxNesting) return false;
    if (sizes[type] != 0) return count <= UINT64_MAX / 8 && skip(file, count * sizes[type]);
    for (; count > 0; count--) {
        uint64_t inner_type, inner_count;
        if (type == kTypeString) {
            if (!skip_string(file)) return false;
        } else if (!read_number(file, 4, &inner_type) || !read_number(file, 8, &inner_count) ||
                   !skip_values(file, inner_type, inner_count, nesting + 1)) {
            return false;
        }
    }
    return true;
}

/* Skips the metadata but for the alignment of the tensors' data. */
static bool read_metadata(FILE *file, uint64_t count, uint64_t *alignment) {
    char key[kMaxName];
    for (*alignment = 32; count > 0; count--) {
        uint64_t type;
        if (!read_string(file, key) || !read_number(file, 4, &type)) return false;
        if (type == kTypeUint32 && strcmp(key, "general.alignment") == 0) {
            if (!read_number(file, 4, alignment) || *alignment == 0) return false;
        } else if (!skip_values(file, type, 1, 0)) {
            return false;
        }
    }
    return true;
}

static bool read_tensor(FILE *file, char name[kMaxName], gguf_tensor *tensor) {
    uint64_t number;
    if (!read_string(file, name) || !read_number(file, 4, &number) || number > GGUF_MAX_DIMS) return false;
    tensor->dim_count = (uint32_t)number;
    tensor->value_count = 1;
    for (uint32_t i = 0; i < GGUF_MAX_DIMS; i++) {
        tensor->dims[i] = 1;
        if (i < tensor->dim_count && !read_number(file, 8, &tensor->dims[i])) return false;
        if (tensor->dims[i] != 0 && tensor->value_count > INT64_MAX / tensor->dims[i]) return false;
        tensor->value_count *= tensor->dims[i];
    }
    if (!read_number(file, 4, &number)) return false;
    tensor->type = (uint32_t)number;
    return read_number(file, 8, &tensor->file_offset);
}

const char *gguf_find_tensor(FILE *file, const char *name, gguf_tensor *tensor) {
    char magic[4], found_name[kMaxName];
    uint64_t version, tensor_count, metadata_count, alignment;
    gguf_tensor candidate;
    bool found = false;

    if (fread(magic, 1, 4, file) != 4 || memcmp(magic, "GGUF", 4) != 0) return "this is no GGUF file";
    if (!read_number(file, 4, &version)) return kTruncated;
    if (version < 2 || version > 3) return "the GGUF version is neither 2 nor 3";
    if (!read_number(file, 8, &tensor_count) || !read_number(file, 8, &metadata_count) ||
        !read_metadata(file, metadata_count, &alignment))
        return kTruncated;

    for (; tensor_count > 0; tensor_count--) {
        if (!read_tensor(file, found_name, &candidate)) return kTruncated;
        if (strcmp(found_name, name) == 0) *tensor = candidate, found = true;
    }
    if (!found) return "there is no tensor of this name";

    /* Offsets count from the end of this head, rounded up. */
    const uint64_t head = (uint64_t)ftello(file);
    const uint64_t data = (head + alignment - 1) / alignment * alignment;
    if (tensor->file_offset > (uint64_t)INT64_MAX - data) return kTruncated;
    tensor->file_offset += data;
    return NULL;
}
