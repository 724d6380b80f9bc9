#!/usr/bin/env python3
"""Measures Tessera beside PyTorch in turns, on the same pictures, from the same weights. Run it by compare.sh, which builds first.

Writes comparison.md and comparison.json to --out and prints the former; progress goes to stderr. PyTorch runs with both memory
formats, and with OMP_WAIT_POLICY=passive and without. Without PyTorch (Debian: python3-torch libopenblas0-pthread), Tessera is
measured alone.
"""

import argparse
import datetime
import json
import os
import shutil
import tempfile

from comparison import operations, pictures, programs, report
from comparison.measure import Session, tell

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK_ROUNDS, QUICK_BATCH = 2, 32
BATCHES, SIZES = (32, 64, 128, 256, 512), (32, 64, 128)


def parse():
    parser = argparse.ArgumentParser(prog='compare.sh', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=9, help='turns that each program gets at each operation [9]')
    parser.add_argument('--batch', type=int, default=256, help='pictures in a batch [256]')
    parser.add_argument('--threads', type=int, default=os.cpu_count(), help='threads of each program [one per processor]')
    parser.add_argument('--only', default=','.join(operations.GROUPS), metavar='NAME,...',
                        help=f'of {", ".join(operations.GROUPS)} [all]')
    parser.add_argument('--out', default=os.path.join(HERE, 'results'), metavar='DIR', help='[benchmarks/results]')
    parser.add_argument('--python', default=default_python(), help='the Python that has PyTorch; "" for none [%(default)s]')
    parser.add_argument('--data-dir', default=os.environ.get('TESSERA_DATA'), metavar='DIR',
                        help="holds CIFAR-10's binary files [TESSERA_DATA; without either: made-up pictures]")
    parser.add_argument('--quick', action='store_true', help=f'a smoke run: {QUICK_ROUNDS} rounds of batch {QUICK_BATCH}')
    args = parser.parse_args()
    args.only = args.only.split(',')
    for name in args.only:
        if name not in operations.GROUPS:
            parser.error(f'--only {name}: choose of {", ".join(operations.GROUPS)}')
    if args.quick:
        args.rounds, args.batch = QUICK_ROUNDS, QUICK_BATCH
    for name in ('rounds', 'batch', 'threads'):
        if getattr(args, name) < 1:
            parser.error(f'--{name} must be at least 1')
    if args.data_dir and not pictures.find_cifar10(args.data_dir):
        parser.error(f'{args.data_dir} holds no {pictures.FIRST_BATCH} of CIFAR-10; name another --data-dir')
    return args


def default_python():
    return '/usr/bin/python3' if os.path.exists('/usr/bin/python3') else shutil.which('python3')


def measure(session, args):
    """What the report is made of, by group."""
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


def main():
    args = parse()
    compared = [programs.tessera(), *programs.pytorch(args.python)]
    if len(compared) == 1:
        tell(f'{f"{args.python} has no PyTorch" if args.python else "no Python is named"}: Tessera is measured alone')
    with tempfile.TemporaryDirectory() as folder:
        shown, variance = pictures.write(os.path.join(folder, 'pictures'), args.data_dir)
        session = Session(compared, os.path.join(folder, 'pictures'), variance, args.threads, args.rounds)
        results = {
            'date': datetime.date.today().isoformat(), 'processor': report.processor(), 'processors': os.cpu_count(),
            'batch': args.batch, 'threads': args.threads, 'rounds': args.rounds, 'pictures': shown,
            'environment': report.environment(), 'programs': [program.name for program in compared], **session.describe(),
        }
        for warning in report.warnings(results):
            tell(f'warning: {warning}')
        results.update(measure(session, args), peak=session.peaks)
    text = report.markdown(results)
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, 'comparison.json'), 'w') as file:
        json.dump(report.with_summaries(results), file, indent=1)
        file.write('\n')
    with open(os.path.join(args.out, 'comparison.md'), 'w') as file:
        file.write(text)
    print(text, end='')


if __name__ == '__main__':
    main()
