#!/usr/bin/env python3
"""Measures Tessera and PyTorch on one GPU in turns and writes results.json and results.md; run by run.sh.

Both train the reference notebook's model on images that lie on the GPU. Tessera's step is the program's own
(`tessera train`, from metrics.csv, without its first quarter); PyTorch's is the fastest setting known: no one-hot
matrix, torch.compile, a CUDA graph of the step, channels_last. Where Python has no PyTorch, its columns stay empty.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

# Seconds that one call of the program may take.
TIME_LIMIT = 120

# Name, batch, Tessera's precision.
STEPS = (
    ('step, batch 256, TF32', 256, 'auto'),
    ('step, batch 256, bfloat16', 256, 'bfloat16'),
    ('step, batch 256, float32', 256, 'float32'),
    ('step, batch 32, TF32', 32, 'auto'),
    ('step, batch 1024, bfloat16', 1024, 'bfloat16'),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tessera', required=True, help="the program's path")
    parser.add_argument('--out', required=True)
    parser.add_argument('--work', required=True, help='a folder for runs')
    parser.add_argument('--quick', action='store_true', help='two steps, one turn')
    args = parser.parse_args()
    rounds, steps = (1, STEPS[:2]) if args.quick else (3, STEPS)
    results = {'gpu': gpu(), 'rows': []}
    torch = start_torch()
    for name, batch, precision in steps:
        row = {'name': name, 'tessera': [], 'pytorch': []}
        for turn in range(rounds):
            row['tessera'].append(tessera_step(args, batch, precision, f'{batch}-{precision}-{turn}'))
            row['pytorch'].append(ask(torch, {'step': batch, 'precision': precision}))
        finish(results, row, args)
    for verb in () if args.quick else ('encode', 'decode'):
        row = {'name': f'{verb} 2048 images', 'tessera': [], 'pytorch': []}
        for turn in range(rounds):
            row['tessera'].append(tessera_bench(args, verb))
            row['pytorch'].append(ask(torch, {verb: 2048}))
        finish(results, row, args)
    write(results, args)


def finish(results, row, args):
    for program in ('tessera', 'pytorch'):
        measured = [value for value in row[program] if value is not None]
        row[f'{program}_median'] = statistics.median(measured) if measured else None
    results['rows'].append(row)
    print(json.dumps(row), flush=True)
    write(results, args)


def gpu():
    try:
        return subprocess.run(
            ['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'],
            capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return 'unknown'


def tessera_step(args, batch, precision, name):
    """Milliseconds of an update: a run's seconds after its first quarter, by its metrics."""
    run, updates = os.path.join(args.work, name), 2000
    started = time.time()
    done = call(
        [args.tessera, 'train', '--data', 'shapes', '--preset', 'reference', '--device', 'cuda', '--precision',
         precision, '--batch', str(batch), '--updates', str(updates), '--eval-every', str(updates),
         '--checkpoint-every', str(updates), '--no-report', '--out', run])
    if done is None:
        return None
    print(f'{name}: whole process {time.time() - started:.1f} s', flush=True)
    shutil.copy(os.path.join(run, 'metrics.csv'), os.path.join(args.out, f'metrics-{name}.csv'))
    with open(os.path.join(run, 'metrics.csv')) as file:
        rows = [(int(row['update']), float(row['seconds'])) for row in csv.DictReader(file)]
    first = next(row for row in rows if row[0] >= updates // 4)
    return 1000 * (rows[-1][1] - first[1]) / (rows[-1][0] - first[0])


def tessera_bench(args, verb):
    """Milliseconds of encoding or decoding, uploads and downloads included."""
    done = call([args.tessera, 'bench', '--device', 'cuda', '--batch', '2048', '--seconds', '5', '--json'])
    if done is None:
        return None
    work = json.loads(done.stdout)['work']
    return next((row['median_ms'] for row in work if row['name'].startswith(verb)), None)


def call(command):
    """The ended process, or None, with its reason on stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except (subprocess.TimeoutExpired, OSError) as error:
        print(f'tessera failed: {error}', file=sys.stderr, flush=True)
        return None
    if done.returncode:
        print(f'tessera failed: {done.stderr[-2000:]}', file=sys.stderr, flush=True)
        return None
    return done


def start_torch():
    """A process that measures PyTorch, or None."""
    try:
        subprocess.run([sys.executable, '-c', 'import torch; assert torch.cuda.is_available()'],
                       check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        print('PyTorch is left out: this Python has none for the GPU', flush=True)
        return None
    worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pytorch_worker.py')
    return subprocess.Popen([sys.executable, worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(torch, question):
    """Milliseconds by PyTorch's process."""
    if torch is None or torch.poll() is not None:
        return None
    try:
        torch.stdin.write(json.dumps(question) + '\n')
        torch.stdin.flush()
        answer = torch.stdout.readline()
    except BrokenPipeError:
        return None
    return json.loads(answer)['ms'] if answer else None


def write(results, args):
    with open(os.path.join(args.out, 'results.json'), 'w') as file:
        json.dump(results, file, indent=1)
        file.write('\n')
    lines = [f'# On a GPU: {results["gpu"]}', '',
             'Made by `benchmarks/gpu/run.sh OUT`; medians of turns, in milliseconds.', '',
             '| | Tessera | PyTorch | ratio |', '|---|---|---|---|']
    for row in results['rows']:
        ours, theirs = row['tessera_median'], row['pytorch_median']
        ratio = f'{ours / theirs:.2f}' if ours and theirs else ''
        lines.append(f'| {row["name"]} | {number(ours)} | {number(theirs)} | {ratio} |')
    with open(os.path.join(args.out, 'results.md'), 'w') as file:
        file.write('\n'.join(lines) + '\n')


def number(value):
    return '' if value is None else f'{value:.2f}'


if __name__ == '__main__':
    main()
