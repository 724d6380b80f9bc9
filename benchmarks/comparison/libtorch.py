"""libtorch through TorchSharp: publishes it, measures its size, and makes it load."""

import os
import platform
import shutil
import subprocess

from comparison import newer_libstdcxx, programs

PROJECT = os.path.join(programs.BENCHMARKS, 'Tessera.Benchmarks.Libtorch')
PUBLISHED, PATCHED = (os.path.join(PROJECT, 'bin', name) for name in ('published', 'patched'))
WORKER = 'Tessera.Benchmarks.Libtorch'
MEBIBYTE = 1 << 20


class Missing(Exception):
    """The reason why libtorch is missing, in one line."""


def prepare():
    """The programs, and libtorch's size and loading error (or None). Raises Missing."""
    publish()
    about = {**size(), 'system': system(), 'refused': newer_libstdcxx.loads(PUBLISHED)}
    folder, environment = PUBLISHED, ()
    if about['refused']:
        folder, environment = patch(about['refused'])
    return programs.settings('libtorch', ('dotnet', os.path.join(folder, f'{WORKER}.dll')), environment), about


def publish():
    if (platform.system(), platform.machine()) != ('Linux', 'x86_64'):
        raise Missing('libtorch-cpu-linux-x64 is for Linux on x64')
    # Files of an earlier publish would be counted.
    shutil.rmtree(PUBLISHED, ignore_errors=True)
    result = subprocess.run(
        ['dotnet', 'publish', '-c', 'Release', '-r', 'linux-x64', '--no-self-contained', PROJECT, '-o', PUBLISHED],
        capture_output=True, text=True, env={**os.environ, 'DOTNET_NOLOGO': '1'})
    if result.returncode:
        lines = [line.strip() for line in (result.stdout + result.stderr).splitlines()]
        reason = next((line for line in lines if 'error' in line), 'dotnet publish fails')
        raise Missing(f'it cannot be published: {reason}')


def size():
    """Number and MiB of the files that TorchSharp and libtorch add to a program."""
    sizes = [os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(PUBLISHED)
             for name in names if not name.startswith('Tessera.')]
    return {'files': len(sizes), 'mebibytes': sum(sizes) / MEBIBYTE}


def patch(refused):
    try:
        preload = newer_libstdcxx.patch(PUBLISHED, PATCHED)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise Missing(f'it does not load ({refused}), and the patch fails: {error}') from error
    environment = (('LD_PRELOAD', preload),)
    if still := newer_libstdcxx.loads(PATCHED, environment):
        raise Missing(f'it does not load ({refused}), nor with the patch ({still})')
    return PATCHED, environment


def system():
    try:
        return platform.freedesktop_os_release()['PRETTY_NAME']
    except (OSError, KeyError):
        return platform.system()
