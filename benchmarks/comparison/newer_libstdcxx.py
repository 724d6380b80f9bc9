#!/usr/bin/env python3
"""Lets a program load a native library that asks for a newer C++ runtime than the machine has.

    newer_libstdcxx.py PUBLISHED FOLDER

TorchSharp 0.107.0's libLibTorchSharp.so asks for version GLIBCXX_3.4.32 of libstdc++ (GCC 13). It uses one symbol of
that version, `_ZSt21ios_base_library_initv`. Debian 12 has GLIBCXX_3.4.30. FOLDER receives

- links to the files of PUBLISHED;
- a copy of that library in which the requirement is marked weak, so that the loader goes on without it;
- a library that defines the symbol, to be preloaded.

The function may be empty: it makes the loader initialise std::cout first, and with an older C++ runtime libtorch's own
libraries do that themselves. This is for benchmarks alone: nothing that is shipped depends on it.
"""

import os
import shutil
import struct
import subprocess
import sys

LIBRARY, PRELOAD = 'libLibTorchSharp.so', 'libios_base_library_init.so'
VERSION, SOURCE = 'GLIBCXX_3.4.32', 'void _ZSt21ios_base_library_initv(void) {}\n'
# Of the ELF format, 64 bits, least byte first (elf.h).
SECTION_HEADER, VERSIONS_NEEDED = struct.Struct('<IIQQQQIIQQ'), 0x6FFFFFFE
NEED, NEEDED_VERSION, WEAK = struct.Struct('<HHIII'), struct.Struct('<IHHII'), 0x2


def loads(folder, environment=()):
    """None where the system's loader takes the library, else what it says."""
    path = os.path.join(folder, LIBRARY)
    # In a process of its own: a library cannot be unloaded for sure.
    result = subprocess.run([sys.executable, '-c', 'import ctypes, sys; ctypes.CDLL(sys.argv[1])', path],
                            capture_output=True, text=True, env={**os.environ, **dict(environment)})
    if not result.returncode:
        return None
    lines = result.stderr.strip().splitlines() or [f'exit code {result.returncode}']
    return lines[-1].removeprefix('OSError: ').replace(folder + os.sep, '')


def mend(published, folder):
    """Fills the folder; returns the library to preload."""
    shutil.rmtree(folder, ignore_errors=True)
    # Links: the libraries are half a gigabyte.
    shutil.copytree(published, folder, copy_function=os.link)
    path = os.path.join(folder, LIBRARY)
    with open(path, 'rb') as file:
        library = bytearray(file.read())
    mark_weak(library, VERSION.encode())
    # Removed first: written over, the link's other end would change as well.
    os.remove(path)
    with open(path, 'wb') as file:
        file.write(library)
    preload = os.path.join(folder, PRELOAD)
    subprocess.run(['cc', '-shared', '-fPIC', '-x', 'c', '-', '-o', preload], input=SOURCE, text=True, check=True)
    return preload


def mark_weak(library, version):
    """Sets the weak flag of a required version in the section .gnu.version_r of an ELF file."""
    if library[:6] != b'\x7fELF\x02\x01':
        raise ValueError('it is no ELF library of 64 bits, least byte first')
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
        raise ValueError(f'it does not ask for {version.decode()}')


def needed_versions(library, need, needs):
    """Where each required version stands, and where its name starts among the strings."""
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
    print(f'LD_PRELOAD={mend(*sys.argv[1:])}')
