# SPDX-License-Identifier: MIT
"""The C interface of Quant.Net through ctypes: no compiler, no package. quantnet.h is the manual.

The library is the file that QUANTNET_LIBRARY names, else artifacts/native/lib/libquantnet.so of this repository, else the one
that the system finds.
"""

import ctypes
import ctypes.util
import os
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_size_t, c_uint32, c_void_p
from pathlib import Path

ABI_VERSION = 1
F32 = 0  # QN_FORMAT_F32


class Error(Exception):
    """A call failed; the text is the library's own."""


class FormatInfo(ctypes.Structure):
    """qn_format_info"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("format", c_int32),
        ("values_per_block", c_uint32),
        ("bytes_per_block", c_uint32),
        ("values_per_group", c_uint32),
        ("reserved", c_uint32),
        ("name", c_char_p),
        ("formula", c_char_p),
    ]


class DeviceInfo(ctypes.Structure):
    """qn_device_info"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("index", c_uint32),
        ("threads", c_uint32),
        ("isa", c_int32),
        ("reserved", c_uint32),
        ("name", c_char * 32),
        ("description", c_char * 512),
    ]


def _load():
    built = Path(__file__).resolve().parents[2] / "artifacts/native/lib/libquantnet.so"
    found = os.environ.get("QUANTNET_LIBRARY") or (str(built) if built.exists() else ctypes.util.find_library("quantnet"))
    if not found:
        raise Error(f"libquantnet.so was not found, neither as {built} nor by the system; QUANTNET_LIBRARY can name it")
    library = ctypes.CDLL(found)
    declare = {
        "qn_abi_version": (c_uint32, []),
        "qn_last_error": (c_char_p, []),
        "qn_last_kernel": (c_char_p, []),
        "qn_format_get": (c_int32, [c_int32, POINTER(FormatInfo)]),
        "qn_device_open": (c_int32, [c_char_p, c_void_p, POINTER(c_void_p)]),
        "qn_device_describe": (c_int32, [c_void_p, POINTER(DeviceInfo)]),
        "qn_device_close": (None, [c_void_p]),
        "qn_dequantize": (c_int32, [c_void_p, c_int32, c_void_p, c_size_t, c_int32, c_void_p, c_size_t]),
    }
    for name, (result, arguments) in declare.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.qn_abi_version() != ABI_VERSION:
        raise Error(f"{found}: found interface version {library.qn_abi_version()}, expected {ABI_VERSION}")
    return library


_library = _load()


def _check(status):
    if status != 0:
        raise Error(_library.qn_last_error().decode())


def format_info(number):
    """What the library knows of a format, by its GGUF type number."""
    info = FormatInfo(struct_size=ctypes.sizeof(FormatInfo))
    _check(_library.qn_format_get(number, byref(info)))
    return info


def last_kernel():
    """The kernel that did this thread's last call."""
    return _library.qn_last_kernel().decode()


class Device:
    """A device that decodes. Use it in a with statement."""

    def __init__(self, name="auto"):
        self._handle = c_void_p()
        _check(_library.qn_device_open(name.encode(), None, byref(self._handle)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _library.qn_device_close(self._handle)
        self._handle = None

    @property
    def description(self):
        """The hardware, what was chosen, and why nothing better was."""
        info = DeviceInfo(struct_size=ctypes.sizeof(DeviceInfo))
        _check(_library.qn_device_describe(self._handle, byref(info)))
        return info.description.decode()

    def dequantize(self, number, source, source_size, destination, destination_size):
        """Decodes blocks at one address to floats at another; both stay the caller's. ctypes lets go of Python's global lock
        for the time of the call."""
        _check(_library.qn_dequantize(self._handle, number, source, source_size, F32, destination, destination_size))
