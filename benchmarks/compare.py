#!/usr/bin/env python3
"""Measures Tessera beside libtorch and PyTorch in turns, on the same images, from the same weights. Run it by
compare.sh, which builds first.

Writes comparison.md and comparison.json to --out and prints the former; progress goes to stderr. libtorch runs through
TorchSharp (benchmarks/Tessera.Benchmarks.Libtorch: half a gigabyte from NuGet, published at each run; needs cc if the
C++ runtime is older than GCC 13's), PyTorch in Python (Debian: python3-torch libopenblas0-pthread). Both run with both
memory formats, each with OMP_WAIT_POLICY=passive and without. If one is missing, one line says so and the others are
measured.

The run that the documents quote, on a machine that does nothing else:

    benchmarks/compare.sh --data-dir DIR \\
        --fill docs/performance.md --fill docs/why-no-torchsharp.md --fill README.md
"""

import argparse
import datetime
import json
import os
import shutil
import tempfile

from comparison import fill, images, libtorch, operations, programs, report
from comparison.measure import Session, tell

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK_ROUNDS, QUICK_BATCH = 2, 32
BATCHES, SIZES = (32, 64, 128, 256, 512), (32, 64, 128)


def parse():
    parser = argparse.ArgumentParser(
        prog='compare.sh', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=9, help='turns of each program at each operation [9]')
    parser.add_argument('--batch', type=int, default=256, help='images in a batch [256]')
    parser.add_argument('--threads', type=int, default=os.cpu_count(),
                        help='threads of each program [one per processor]')
    parser.add_argument('--only', default=','.join(operations.USUAL), metavar='NAME,...',
                        help=f'some of {", ".join(operations.GROUPS)} [all but prior and sample]')
    parser.add_argument('--out', default=os.path.join(HERE, 'results'), metavar='DIR', help='[benchmarks/results]')
    parser.add_argument('--python', default=default_python(),
                        help='the Python that has PyTorch; "" for none [%(default)s]')
    parser.add_argument('--no-libtorch', action='store_true', help='leave libtorch out')
    parser.add_argument('--data-dir', default=os.environ.get('TESSERA_DATA'), metavar='DIR',
                        help="holds CIFAR-10's binary files [TESSERA_DATA; without either: made-up images]")
    parser.add_argument('--fill', action='append', default=[], metavar='FILE',
                        help='rewrite the marked blocks of a document from the results; may be given more than once')
    parser.add_argument('--from', dest='source', metavar='JSON',
                        help='measure nothing: write comparison.md and fill documents from this comparison.json')
    parser.add_argument('--quick', action='store_true',
                        help=f'a smoke run: {QUICK_ROUNDS} rounds of batch {QUICK_BATCH}')
    args = parser.parse_args()
    args.only = args.only.split(',')
    for name in args.only:
        if name not in operations.GROUPS:
            parser.error(f'--only {name}: choose from {", ".join(operations.GROUPS)}')
    if args.quick:
        args.rounds, args.batch = QUICK_ROUNDS, QUICK_BATCH
    for name in ('rounds', 'batch', 'threads'):
        if getattr(args, name) < 1:
            parser.error(f'--{name} must be at least 1')
    if args.data_dir and not images.find_cifar10(args.data_dir):
        parser.error(f'{args.data_dir} holds no {images.FIRST_BATCH} of CIFAR-10; name another --data-dir')
    try:
        args.results = read(args.source) if args.source else None
    except (OSError, ValueError) as error:
        parser.error(f'--from {args.source}: {error}')
    for path in args.fill:
        try:
            fill.names(path)
        except (OSError, ValueError) as error:
            parser.error(f'--fill: {error}')
    return args


def options(args):
    """The options that make the same run on another machine."""
    named = [f'--{name} {getattr(args, name)}' for name in ('rounds', 'batch')]
    if args.only != list(operations.USUAL):
        named.append(f'--only {",".join(args.only)}')
    return named + (['--data-dir DIR'] if args.data_dir else [])


def default_python():
    return '/usr/bin/python3' if os.path.exists('/usr/bin/python3') else shutil.which('python3')


def measure(session, args):
    """The report's content, by group."""
    results = {'operations': {}}
    compared = [group for group in args.only if operations.of_group(group, args.batch)]
    if compared:
        with session.workers() as workers:
            for group in compared:
                results['operations'][group] = [
                    session.compare(workers, operation) for operation in operations.of_group(group, args.batch)]
    if 'memory' in args.only:
        results['memory'] = session.memory(args.batch)
    if 'startup' in args.only:
        results['startup'] = session.startup(args.batch)
    if 'threads' in args.only and args.threads > 1:
        results['one_against_all'] = session.threads_scaling(args.batch)
    if 'batches' in args.only:
        batches = [args.batch // 2, args.batch] if args.quick else BATCHES
        results['batches'] = session.tessera_scaling(
            {str(batch): operations.training('gradient', batch, calls=max(batches) // batch) for batch in batches})
    if 'sizes' in args.only:
        results['sizes'] = session.tessera_scaling(
            {str(size): operations.training('gradient', max(1, args.batch * 32**2 // size**2), size) for size in SIZES})
    return results


def compared(args):
    """The programs and the size of libtorch's files; reports missing programs."""
    found, package = [programs.tessera()], None
    if not args.no_libtorch:
        tell('publishing libtorch')
        try:
            others, package = libtorch.prepare()
            found += others
        except libtorch.Missing as reason:
            tell(f'libtorch is left out: {reason}')
    others = programs.pytorch(args.python)
    if not others:
        tell(f'PyTorch is left out: {f"{args.python} does not have it" if args.python else "no Python is named"}')
    return found + others, package


def run(args):
    found, package = compared(args)
    with tempfile.TemporaryDirectory() as folder:
        shown, variance = images.write(os.path.join(folder, 'images'), args.data_dir)
        session = Session(found, os.path.join(folder, 'images'), variance, args.threads, args.rounds)
        results = {
            'date': datetime.date.today().isoformat(), 'processor': report.processor(), 'processors': os.cpu_count(),
            'batch': args.batch, 'threads': args.threads, 'rounds': args.rounds, 'pictures': shown,
            'options': options(args), 'environment': report.environment(),
            'programs': [program.name for program in found],
            'libtorch_package': package, **session.describe(),
        }
        for warning in report.warnings(results):
            tell(f'warning: {warning}')
        results.update(measure(session, args), peak=session.peaks)
    return results


def read(path):
    """The results of an earlier run; raises ValueError if the file holds none."""
    with open(path) as file:
        results = json.load(file)
    if not isinstance(results, dict) or not {'tessera', 'operations', 'rounds'} <= results.keys():
        raise ValueError('it holds no results')
    return results


def main():
    args = parse()
    results = args.results or run(args)
    text = report.markdown(results)
    os.makedirs(args.out, exist_ok=True)
    if not args.results:
        with open(os.path.join(args.out, 'comparison.json'), 'w') as file:
            json.dump(report.with_summaries(results), file, indent=1)
            file.write('\n')
    with open(os.path.join(args.out, 'comparison.md'), 'w') as file:
        file.write(text)
    for path in args.fill:
        fill.fill(path, results)
    print(text, end='')


if __name__ == '__main__':
    main()
