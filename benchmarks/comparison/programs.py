"""The compared programs, and worker processes that obey lines."""

import dataclasses
import json
import os
import subprocess
import time

BENCHMARKS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESSERA = os.path.join(BENCHMARKS, 'Tessera.Benchmarks', 'bin', 'Release', 'net10.0', 'Tessera.Benchmarks.dll')
PYTORCH = os.path.join(BENCHMARKS, 'pytorch', 'worker.py')


@dataclasses.dataclass(frozen=True)
class Program:
    """A program. The settings (images, variance, threads) go between the command and the arguments."""
    family: str
    name: str
    command: tuple
    arguments: tuple = ()
    environment: tuple = ()

    def start(self, images, variance, threads):
        return Worker(self, [*self.command, images, repr(variance), str(threads), *self.arguments])


def tessera():
    return Program('Tessera', 'Tessera', ('dotnet', TESSERA, 'worker'))


def pytorch(python):
    """PyTorch's settings, or none if this Python has no torch."""
    if not python or subprocess.run([python, '-c', 'import torch, numpy'], capture_output=True).returncode:
        return []
    return settings('PyTorch', (python, PYTORCH))


def settings(family, command, environment=()):
    """Both memory formats, each with OMP_WAIT_POLICY=passive and without."""
    return [Program(family, f'{family}, {name}{", OMP_WAIT_POLICY=passive" if passive else ""}', command, (layout,),
                    (*environment, *((('OMP_WAIT_POLICY', 'passive'),) if passive else ())))
            for name, layout in (('NCHW', 'contiguous'), ('channels_last', 'channels_last'))
            for passive in (False, True)]


class Worker:
    """A process of a program. It waits for lines and computes nothing between them."""

    def __init__(self, program, command):
        self.program, self.command, self.started = program, command, time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **dict(program.environment)})
        if self.process.stdout.readline().strip() != 'ready':
            raise SystemExit(f'{program.name} does not start: {" ".join(command)}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f'{self.program.name} ended at the line "{line}": {" ".join(self.command)}')
        return json.loads(answer)

    def perform(self, operation, calls=1):
        """The milliseconds of each call, and the check of the last result."""
        answer = self.ask(f'{calls} {operation}')
        return answer['milliseconds'], answer['check']

    def seconds_since_start(self):
        return time.perf_counter() - self.started

    def peak_memory(self):
        """The process's peak memory in MiB (VmHWM), or None if the system does not report it."""
        try:
            with open(f'/proc/{self.process.pid}/status') as status:
                kilobytes = next(line.split()[1] for line in status if line.startswith('VmHWM'))
        except (OSError, StopIteration):
            return None
        return int(kilobytes) / 1024
