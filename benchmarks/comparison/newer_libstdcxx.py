#!/usr/bin/env python3
"""Makes a native library load that requires a newer C++ runtime than the machine's.

    newer_libstdcxx.py PUBLISHED FOLDER

TorchSharp 0.107.0's libLibTorchSharp.so requires version GLIBCXX_3.4.32 of libstdc++ (GCC 13). It uses one symbol of
that version, `_ZSt21ios_base_library_initv`. Debian 12 has GLIBCXX_3.4.30. FOLDER receives

- links to the files of PUBLISHED;
- a copy of that library with the requirement marked weak, so that the loader ignores it;
- a library to preload, which defines the symbol.

The function may be empty: it makes the loader initialise std::cout first, and with an older C++ runtime libtorch's own
libraries do that themselves. This is for benchmarks only; nothing that is shipped uses it.
"""

import os
import shutil
import struct
import subprocess
import sys

LIBRARY, PRELOAD = 'libLibTorchSharp.so', 'libios_base_library_init.so'
VERSION, SOURCE = 'GLIBCXX_3.4.32', 'void _ZSt21ios_base_library_initv(void) {}\n'
# ELF, 64 bits, little-endian (elf.h).
SECTION_HEADER, VERSIONS_NEEDED = struct.Struct('<IIQQQQIIQQ'), 0x6FFFFFFE
NEED, NEEDED_VERSION, WEAK = struct.Struct('<HHIII'), struct.Struct('<IHHII'), 0x2


def loads(folder, environment=()):
    """None if the system's loader loads the library, else its error message."""
    path = os.path.join(folder, LIBRARY)
    # In a separate process: unloading a library is not reliable.
    result = subprocess.run([sys.executable, '-c', 'import ctypes, sys; ctypes.CDLL(sys.argv[1])', path],
                            capture_output=True, text=True, env={**os.environ, **dict(environment)})
    if not result.returncode:
        return None
    lines = result.stderr.strip().splitlines() or [f'exit code {result.returncode}']
    return lines[-1].removeprefix('OSError: ').replace(folder + os.sep, '')


def patch(published, folder):
    """Fills the folder; returns the library to preload."""
    shutil.rmtree(folder, ignore_errors=True)
    # Links: the libraries are half a gigabyte.
    shutil.copytree(published, folder, copy_function=os.link)
    path = os.path.join(folder, LIBRARY)
    with open(path, 'rb') as file:
        library = bytearray(file.read())
    mark_weak(library, VERSION.encode())
    # Removed first: writing through the hard link would change the published file.
    os.remove(path)
    with open(path, 'wb') as file:
        file.write(library)
    preload = os.path.join(folder, PRELOAD)
    subprocess.run(['cc', '-shared', '-fPIC', '-x', 'c', '-', '-o', preload], input=SOURCE, text=True, check=True)
    return preload


def mark_weak(library, version):
    """Sets the weak flag of a required version in the section .gnu.version_r of an ELF file."""
    if library[:6] != b'\x7fELF\x02\x01':
        raise ValueError('it is not a little-endian 64-bit ELF library')
    (table,), (size, count) = struct.unpack_from('<Q', library, 0x28), struct.unpack_from('<HH', library, 0x3A)
    sections = [SECTION_HEADER.unpack_from(library, table + index * size) for index in range(count)]
    found = 0
    for _, kind, _, _, start, _, strings, needs, _, _ in sections:
        if kind != VERSIONS_NEEDED:
            continue
        names = sections[strings][4]
        for place, name in needed_versions(library, start, needs):
            if library.startswith(version + b'\0', names + name):
                hashed, flags, *rest = NEEDED_VERSION.unpack_from(library, place)
                NEEDED_VERSION.pack_into(library, place, hashed, flags | WEAK, *rest)
                found += 1
    if not found:
        raise ValueError(f'it does not require {version.decode()}')


def needed_versions(library, need, needs):
    """The offset of each required version, and of its name among the strings."""
    for _ in range(needs):
        _, versions, _, first, following = NEED.unpack_from(library, need)
        place = need + first
        for _ in range(versions):
            *_, name, step = NEEDED_VERSION.unpack_from(library, place)
            yield place, name
            place += step
        need += following


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit('usage: newer_libstdcxx.py PUBLISHED FOLDER')
    print(loads(sys.argv[1]) or 'it loads as it is')
    print(f'LD_PRELOAD={patch(*sys.argv[1:])}')
