# SPDX-License-Identifier: MIT
#
# Writes the images of GPU kernels as C arrays, for a compiler whose assembler cannot include files:
#   cmake -DIMAGES=a.ptx|b.ptx -DOUTPUT=image_bytes.c -P ImageBytes.cmake
string(REPLACE "|" ";" images "${IMAGES}")
file(WRITE ${OUTPUT} "/* Written by ImageBytes.cmake. */\n")
foreach(image IN LISTS images)
  get_filename_component(name ${image} NAME)
  string(REGEX REPLACE "\\.sm_([0-9]+)\\.ptx$" "_\\1_true" symbol ${name})
  string(REGEX REPLACE "\\.sm_([0-9]+)\\.cubin$" "_\\1_false" symbol ${symbol})
  file(READ ${image} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes ${bytes})
  file(APPEND ${OUTPUT} "const unsigned char qn_image_${symbol}[] = {${bytes}0};\n")
endforeach()
