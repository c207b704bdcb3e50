/* SPDX-License-Identifier: MIT
 *
 * Prints a line for each instruction set that the library knows: its name, 1 if it can be used here, else 0 and the reason;
 * then the set that an open device uses. */
#include <stdio.h>

#include "quantnet.h"

int main(void) {
    for (size_t i = 0; i < qn_isa_count(); i++) {
        qn_isa_info info = {.struct_size = sizeof info};
        if (qn_isa_at(i, &info) != QN_OK) return fprintf(stderr, "%s\n", qn_last_error()), 1;
        printf("%s %u %s\n", info.name, (unsigned)info.available, info.reason);
    }

    qn_device *device;
    qn_device_info info = {.struct_size = sizeof info};
    if (qn_device_open("cpu", NULL, &device) != QN_OK) return fprintf(stderr, "%s\n", qn_last_error()), 1;
    if (qn_device_describe(device, &info) != QN_OK) return fprintf(stderr, "%s\n", qn_last_error()), 1;
    printf("chosen %d %s\n", (int)info.isa, info.description);
    qn_device_close(device);
    return 0;
}
