#!/usr/bin/env python3
"""Times training steps of Tessera and of PyTorch in turns: A B C ... A B C ..., so that a machine whose speed drifts is fair to all.

    dotnet build -c Release benchmarks/Tessera.Benchmarks
    python3 benchmarks/compare_steps.py --rounds 15 --out benchmarks/results/steps.md

PyTorch runs as it is and with OMP_WAIT_POLICY=passive, in both memory formats. Needs Debian's python3-torch (and
libopenblas0-pthread, without which its matrix products are many times slower).
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESSERA = os.path.join(HERE, 'Tessera.Benchmarks', 'bin', 'Release', 'net10.0', 'Tessera.Benchmarks.dll')
WARM_UP = 3


class Stepper:
    """A process that performs a step when told to."""

    def __init__(self, name, command, **environment):
        self.name, self.times = name, []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        if self.process.stdout.readline().strip() != 'ready':
            sys.exit(f'{name} does not start: {" ".join(command)}')

    def step(self):
        self.process.stdin.write('step\n')
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def steppers(codebook, args):
    numbers = [str(args.batch), str(args.threads)]
    yield Stepper('Tessera', ['dotnet', TESSERA, codebook, *numbers])
    for layout in ('contiguous', 'channels_last'):
        command = [args.python, os.path.join(HERE, 'pytorch', 'step_time.py'), '--codebook', codebook,
                   '--batch', numbers[0], '--threads', numbers[1], '--memory-format', layout]
        yield Stepper(f'PyTorch, {layout}', command)
        yield Stepper(f'PyTorch, {layout}, OMP_WAIT_POLICY=passive', command, OMP_WAIT_POLICY='passive')


def measure(codebook, args):
    """Rows (name, median ms, minimum ms, Tessera's median over this one's)."""
    programs = list(steppers(codebook, args))
    for program in programs:
        for _ in range(WARM_UP):
            program.step()
    for _ in range(args.rounds):
        for program in programs:
            program.times.append(program.step())
    tessera = statistics.median(programs[0].times)
    for program in programs:
        program.process.stdin.close()
        median = statistics.median(program.times)
        yield program.name, median, min(program.times), tessera / median


def processor():
    try:
        with open('/proc/cpuinfo') as file:
            return next(line.split(':')[1].strip() for line in file if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--python', default='/usr/bin/python3')
    parser.add_argument('--out', help='also write the tables here, as Markdown')
    args = parser.parse_args()

    lines = ['# Training steps: Tessera beside PyTorch', '',
             f'{processor()}, {os.cpu_count()} processors; batch {args.batch}, {args.threads} threads, '
             f'{args.rounds} rounds in turns, seed\'s sizes. Made by `benchmarks/compare_steps.py`.']
    for codebook in ('gradient', 'ema'):
        lines += ['', f'## {codebook} codebook', '', '| program | median ms | minimum ms | Tessera / this |', '|---|---|---|---|']
        lines += [f'| {name} | {median:.0f} | {least:.0f} | {ratio:.2f} |'
                  for name, median, least, ratio in measure(codebook, args)]
    text = '\n'.join(lines) + '\n'
    print(text)
    if args.out:
        with open(args.out, 'w') as file:
            file.write(text)


if __name__ == '__main__':
    main()
