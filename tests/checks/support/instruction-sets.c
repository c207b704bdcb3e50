/* SPDX-License-Identifier: MIT
 *
 * Prints a line for each instruction set that the library knows: its name and "chosen" (a device opened now uses it),
 * "available", or "missing" and the reason. */
#include <stdio.h>

#include "quantnet.h"

int main(void) {
    qn_device *device;
    qn_device_info device_info = {.struct_size = sizeof device_info};
    if (qn_device_open("cpu", NULL, &device) != QN_OK || qn_device_describe(device, &device_info) != QN_OK)
        return fprintf(stderr, "%s\n", qn_last_error()), 1;
    qn_device_close(device);

    for (size_t i = 0; i < qn_isa_count(); i++) {
        qn_isa_info info = {.struct_size = sizeof info};
        if (qn_isa_at(i, &info) != QN_OK) return fprintf(stderr, "%s\n", qn_last_error()), 1;
        printf("%s %s %s\n", info.name,
               info.isa == device_info.isa ? "chosen"
               : info.available            ? "available"
                                           : "missing",
               info.reason);
    }
    return 0;
}
