#!/usr/bin/env python3
"""Measures Tessera and PyTorch on one GPU in turns and writes results.json and results.md; run by run.sh.

Both train the reference notebook's model on images that lie on the GPU. Tessera's step is the program's own
(`tessera train`, from metrics.csv, without its first quarter); PyTorch's is the fastest setting known: no one-hot
matrix, torch.compile, a CUDA graph of the step, channels_last. Where Python has no PyTorch, its columns stay empty.

--seed-run MINUTES does another thing: it trains `--preset seed` on CIFAR-10 (--data-dir) for so long, or the rest of it
where the folder --run has a part of it already, and copies its curve.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))

# Seconds that one call of the program may take, and after which no row begins.
TIME_LIMIT, BUDGET, QUICK_BUDGET = 120, 300, 100

# Name, batch, Tessera's precision.
STEPS = (
    ('step, batch 256, TF32', 256, 'auto'),
    ('step, batch 256, bfloat16', 256, 'bfloat16'),
    ('step, batch 256, float32', 256, 'float32'),
    ('step, batch 32, TF32', 32, 'auto'),
    ('step, batch 1024, bfloat16', 1024, 'bfloat16'),
)

PRIOR_BATCH, PRIOR_WIDTH, PRIOR_LAYERS, PRIOR_HEADS = 64, 128, 4, 4

SEED_UPDATES = 200000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tessera', required=True, nargs='+', help='the program: its path, or dotnet and its path')
    parser.add_argument('--out', required=True)
    parser.add_argument('--work', required=True, help='a folder for runs')
    parser.add_argument('--quick', action='store_true', help='one turn, and fewer rows')
    parser.add_argument('--rehearse', action='store_true',
                        help='tiny counts on the processor: whether everything runs, not how fast')
    parser.add_argument('--seed-run', type=float, metavar='MINUTES')
    parser.add_argument('--data-dir', help='the folder of CIFAR-10, for --seed-run')
    parser.add_argument('--run', help='the folder of the run, for --seed-run')
    args = parser.parse_args()
    args.device = 'cpu' if args.rehearse else 'cuda'
    args.updates = 12 if args.rehearse else 2000
    os.makedirs(args.out, exist_ok=True)
    if args.seed_run is not None:
        if not args.run or not args.data_dir:
            parser.error('--seed-run needs --run and --data-dir')
        sys.exit(seed_run(args))
    rounds = 1 if args.quick or args.rehearse else 2
    started = time.time()
    results = {'gpu': 'a rehearsal on the processor' if args.rehearse else gpu(), 'rows': []}
    torch = start_torch(args)
    for row in rows(args):
        name, tessera, question = row
        if not args.rehearse and time.time() - started > (QUICK_BUDGET if args.quick else BUDGET):
            print(f'no time left for: {name}', flush=True)
            continue
        row = {'name': name, 'tessera': [], 'pytorch': []}
        for turn in range(rounds):
            row['tessera'].append(tessera(turn))
            row['pytorch'].append(question() if callable(question) else ask(torch, question))
        finish(results, row, args)


def rows(args):
    """Name, Tessera's milliseconds given the turn, and PyTorch's question or what asks it."""
    steps = STEPS[:2] if args.quick else STEPS
    if args.rehearse:
        steps = (('step, batch 8, float32', 8, 'float32'),)
    for name, batch, precision in steps:
        yield (name, lambda turn, b=batch, p=precision: tessera_step(args, b, p, f'{b}-{p}-{turn}'),
               {'step': batch, 'precision': precision})
    batch, precision = steps[0][1:]
    # Tessera's ordinary run keeps the losses of every update (series.csv).
    yield ("the notebook's loop: all losses of each update",
           lambda turn: tessera_step(args, batch, precision, f'loop-{turn}'), {'loop': batch})
    for name, updates in (('process start to the first step', 1), ('process start to a replayed step', 3)):
        yield (f'{name}, with evaluation and checkpoint',
               lambda turn, u=updates: tessera_start(args, batch, u, turn),
               lambda u=updates: torch_start(args, batch, u > 1))
    yield (f"a prior's step, width {PRIOR_WIDTH}, batch {PRIOR_BATCH}, TF32",
           lambda turn: tessera_prior(args, f'{batch}-{precision}-0', turn),
           {'prior': PRIOR_BATCH, 'sizes': [PRIOR_WIDTH, PRIOR_LAYERS, PRIOR_HEADS]})
    count = 64 if args.rehearse else 2048
    for verb in () if args.quick else ('encode', 'decode'):
        yield (f'{verb} {count} images', lambda turn, v=verb: tessera_bench(args, v, count), {verb: count})


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


def train_command(args, batch, precision, updates, run):
    return [*args.tessera, 'train', '--data', 'shapes', '--preset', 'reference', '--device', args.device, '--precision',
            precision, '--batch', str(batch), '--updates', str(updates), '--eval-every', str(updates),
            '--checkpoint-every', str(updates), '--no-report', '--out', run]


def tessera_step(args, batch, precision, name):
    """Milliseconds of an update: a run's seconds after its first quarter, by its metrics."""
    run = os.path.join(args.work, name)
    started = time.time()
    if call(train_command(args, batch, precision, args.updates, run)) is None:
        return None
    print(f'{name}: whole process {time.time() - started:.1f} s', flush=True)
    return milliseconds(args, run, name)


def tessera_start(args, batch, updates, turn):
    """Milliseconds of a whole process that makes so many updates: the second is recorded, the third is replayed."""
    run = os.path.join(args.work, f'start-{updates}-{turn}')
    started = time.time()
    done = call(train_command(args, batch, 'auto', updates, run))
    return None if done is None else 1000 * (time.time() - started)


def tessera_prior(args, tokenizer, turn):
    run = os.path.join(args.work, f'prior-{turn}')
    done = call(
        [*args.tessera, 'prior', os.path.join(args.work, tokenizer), '--device', args.device, '--batch',
         str(PRIOR_BATCH), '--width', str(PRIOR_WIDTH), '--layers', str(PRIOR_LAYERS), '--heads', str(PRIOR_HEADS),
         '--dropout', '0', '--optimizer', 'adam', '--average', '0', '--clip-norm', '0', '--updates',
         str(args.updates), '--eval-every', str(args.updates), '--checkpoint-every', str(args.updates), '--out', run])
    return None if done is None else milliseconds(args, run, f'prior-{turn}')


def milliseconds(args, run, name):
    shutil.copy(os.path.join(run, 'metrics.csv'), os.path.join(args.out, f'metrics-{name}.csv'))
    with open(os.path.join(run, 'metrics.csv')) as file:
        measured = [(int(row['update']), float(row['seconds'])) for row in csv.DictReader(file)]
    # A short run has one row.
    first = next(row for row in [*measured[:-1], (0, 0.0)] if row[0] >= args.updates // 4 or row[0] == 0)
    return 1000 * (measured[-1][1] - first[1]) / (measured[-1][0] - first[0])


def tessera_bench(args, verb, count):
    """Milliseconds of encoding or decoding, uploads and downloads included."""
    seconds = '0.1' if args.rehearse else '5'
    done = call(
        [*args.tessera, 'bench', '--device', args.device, '--batch', str(count), '--seconds', seconds, '--json'])
    if done is None:
        return None
    work = json.loads(done.stdout)['work']
    return next((row['median_ms'] for row in work if row['name'].startswith(verb)), None)


def seed_run(args):
    """Trains a part of the seed's run, which a later call continues; the exit status."""
    run, updates = args.run, 24 if args.rehearse else SEED_UPDATES
    started = os.path.exists(os.path.join(run, 'config.json'))
    command = [
        *args.tessera, 'train', '--device', args.device, '--data-dir', args.data_dir, '--no-report', '--out', run]
    command += ['--resume'] if started else ['--preset', 'seed', '--data', 'cifar10', '--updates', str(updates)]
    if args.rehearse:
        command += ['--eval-every', '8'] + ([] if started else ['--batch', '4', '--hidden', '8'])
    # Interrupted, it writes a checkpoint.
    process = subprocess.Popen(command)
    try:
        status = process.wait(60 * args.seed_run)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        status = process.wait(TIME_LIMIT)
    for name in ('eval.csv', 'metrics.csv', 'config.json'):
        if os.path.exists(os.path.join(run, name)):
            shutil.copy(os.path.join(run, name), os.path.join(args.out, f'seed-{name}'))
    ends = {0: 'the run is finished', 130: 'call it again to continue the run'}
    print(ends.get(status, f'exit {status}'), flush=True)
    return 0 if status in (0, 130) else 1


def call(command):
    """The ended process, or None, with its reason on stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except (subprocess.TimeoutExpired, OSError) as error:
        print(f'{command[0]} failed: {error}', file=sys.stderr, flush=True)
        return None
    if done.returncode:
        print(f'{command[0]} failed: {done.stderr[-2000:]}', file=sys.stderr, flush=True)
        return None
    return done


def worker(args, *more):
    return [sys.executable, os.path.join(FOLDER, 'pytorch_worker.py'), args.device, *more]


def start_torch(args):
    """A process that measures PyTorch, or None."""
    needs = 'import torch' + ('' if args.rehearse else '; assert torch.cuda.is_available()')
    try:
        subprocess.run([sys.executable, '-c', needs], check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        print('PyTorch is left out: this Python has none for the device', flush=True)
        args.has_torch = False
        return None
    args.has_torch = True
    return subprocess.Popen(worker(args), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def torch_start(args, batch, replays):
    """Milliseconds of a process that makes one step, or compiles, records and replays one."""
    if not args.has_torch:
        return None
    started = time.time()
    done = call(worker(args, json.dumps({'start': batch, 'replays': replays})))
    return None if done is None else 1000 * (time.time() - started)


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
