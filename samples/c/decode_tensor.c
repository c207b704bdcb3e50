/* SPDX-License-Identifier: MIT
 *
 * Decodes a tensor of a GGUF file to float32, through the C interface of Quant.Net:
 *
 *     decode_tensor MODEL TENSOR [OUT]
 *
 * prints what the tensor is and its first weights. OUT receives all of them, as raw floats. A tensor may be larger than
 * the memory: it is read, decoded and written in pieces. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <stdlib.h>

#include "gguf.h"
#include "quantnet.h"

enum { kBlocksAtOnce = 4096 };

static int complain(const char *what, const char *why) {
    fprintf(stderr, "decode_tensor: %s: %s\n", what, why);
    return 1;
}

static void show(const char *name, const gguf_tensor *tensor, const qn_format_info *format) {
    printf("%s: %s,", name, format->name);
    for (uint32_t i = 0; i < tensor->dim_count; i++)
        printf("%s %llu", i > 0 ? " x" : "", (unsigned long long)tensor->dims[i]);
    printf("\n%s\n", format->formula);
}

/* Decodes all blocks of a tensor, some at a time. */
static int decode(qn_device *device, FILE *model, const gguf_tensor *tensor, const qn_format_info *format,
                  uint8_t *packed, float *weights, FILE *out) {
    const uint64_t blocks = tensor->value_count / format->values_per_block;
    if (fseeko(model, (off_t)tensor->file_offset, SEEK_SET) != 0) return complain("the model", "cannot be read there");

    for (uint64_t done = 0; done < blocks;) {
        const size_t now = blocks - done < kBlocksAtOnce ? (size_t)(blocks - done) : kBlocksAtOnce;
        const size_t values = now * format->values_per_block;
        if (fread(packed, format->bytes_per_block, now, model) != now)
            return complain("the model", "it ends within the tensor");
        if (qn_dequantize(device, format->format, packed, now * format->bytes_per_block, QN_FORMAT_F32, weights,
                          values * sizeof(float)) != QN_OK)
            return complain("decoding", qn_last_error());
        for (size_t i = 0; done == 0 && i < values && i < 4; i++)
            printf("%.9g%s", weights[i], i < 3 ? ", " : ", ...\n");
        if (out != NULL && fwrite(weights, sizeof(float), values, out) != values)
            return complain("the output", "cannot be written");
        done += now;
    }
    printf("%llu weights by %s\n", (unsigned long long)tensor->value_count, qn_last_kernel());
    return 0;
}

static int run(const char *model_path, const char *name, const char *out_path) {
    gguf_tensor tensor;
    qn_format_info format = {.struct_size = sizeof format};
    qn_device *device;

    FILE *model = fopen(model_path, "rb");
    if (model == NULL) return complain(model_path, "cannot be opened");
    const char *fault = gguf_find_tensor(model, name, &tensor);
    if (fault != NULL) return complain(model_path, fault);
    if (qn_format_get((qn_format)tensor.type, &format) != QN_OK) return complain(name, qn_last_error());
    if (tensor.dims[0] % format.values_per_block != 0) return complain(name, "a row is not a whole number of blocks");
    show(name, &tensor, &format);

    FILE *out = NULL;
    if (out_path != NULL && (out = fopen(out_path, "wb")) == NULL) return complain(out_path, "cannot be created");
    if (qn_device_open("auto", NULL, &device) != QN_OK) return complain("the device", qn_last_error());

    /* Any address will do for both buffers. */
    uint8_t *packed = malloc((size_t)kBlocksAtOnce * format.bytes_per_block);
    float *weights = malloc((size_t)kBlocksAtOnce * format.values_per_block * sizeof(float));
    int result = packed != NULL && weights != NULL ? decode(device, model, &tensor, &format, packed, weights, out)
                                                   : complain("memory", "there is not enough");
    free(packed);
    free(weights);
    qn_device_close(device);
    if (out != NULL && fclose(out) != 0) result = complain(out_path, "cannot be written");
    fclose(model);
    return result;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: decode_tensor MODEL TENSOR [OUT]\n");
        return 2;
    }
    if (qn_abi_version() != QN_ABI_VERSION) return complain("libquantnet", "it has another interface than the header");
    return run(argv[1], argv[2], argc > 3 ? argv[3] : NULL);
}
