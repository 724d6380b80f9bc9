"""Measures in turns, A B C ... A B C ..., so that drifting machine speed affects all alike."""

import contextlib
import statistics
import sys
import time

import comparison.operations as operations

WARM_UP_CALLS = 5
# Relative, for the checks of results: float32 sums in another order differ by less, other work by more.
BOUND = 1e-4
MEMORY_UPDATES, STARTUPS = 5, 5

_started = time.perf_counter()


def tell(text):
    print(f'{time.perf_counter() - _started:6.0f} s  {text}', file=sys.stderr, flush=True)


class Session:
    """One comparison: the programs, their input and the number of rounds."""

    def __init__(self, programs, images, variance, threads, rounds):
        self.programs, self.rounds, self.threads = programs, rounds, threads
        self.images, self.variance = images, variance
        self.peaks = {'one': [], 'all': []}

    def start(self, program, threads=None):
        return program.start(self.images, self.variance, threads or self.threads)

    @contextlib.contextmanager
    def workers(self):
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.start(program)) for program in self.programs]

    def describe(self):
        """Versions by family (its name in lower case), from any of its settings."""
        answers = {}
        for program in self.programs:
            if program.family.lower() not in answers:
                with self.start(program) as worker:
                    answers[program.family.lower()] = worker.ask('describe')
        return answers

    def compare(self, workers, operation):
        """All programs in turns: milliseconds by program and round, and the checks of their results."""
        tell(operation.name)
        if operation.slow:
            workers = list({worker.program.family: worker for worker in reversed(workers)}.values())[::-1]
        checks = {worker.program.name: warm_up(worker, operation) for worker in workers}
        require_same(operation, checks)
        times = {worker.program.name: [] for worker in workers}
        for _ in range(self.rounds):
            for worker in workers:
                times[worker.program.name].append(turn(worker, operation))
            if operation.trains:
                self.measure_peak(workers[0])
        return {'name': operation.name, 'flops': operation.flops, 'milliseconds': times, 'checks': checks}

    def measure_peak(self, tessera):
        """The processor's multiply-adds, between two rounds, so within the same minutes."""
        for name, threads in (('one', 1), ('all', self.threads)):
            self.peaks[name].append(tessera.perform(f'peak {threads}')[1])

    def memory(self, batch):
        """Peak MiB of a separate process that makes a few updates."""
        results = {}
        for program in self.programs:
            tell(f'memory of {program.name}')
            with self.start(program) as worker:
                worker.perform(operations.training('gradient', batch).line, MEMORY_UPDATES)
                results[program.name] = worker.peak_memory()
        return results

    def startup(self, batch):
        """Seconds from the start of a process to the end of its first training step."""
        results = {program.name: [] for program in self.programs}
        for number in range(min(self.rounds, STARTUPS)):
            tell(f'process start to first step, {number + 1}')
            for program in self.programs:
                with self.start(program) as worker:
                    worker.perform(operations.training('gradient', batch).line)
                    results[program.name].append(worker.seconds_since_start())
        return results

    def threads_scaling(self, batch):
        """Tessera alone: the training step on one thread and on all, in turns, with the peak."""
        operation, times = operations.training('gradient', batch), {}
        with self.start(self.programs[0], 1) as one, self.start(self.programs[0]) as many:
            for worker in (one, many):
                warm_up(worker, operation)
            for number in range(self.rounds):
                tell(f'one thread against {self.threads}, round {number + 1}')
                for name, worker in (('one', one), ('all', many)):
                    times.setdefault(name, []).append(turn(worker, operation))
                self.measure_peak(many)
        return times

    def tessera_scaling(self, variants):
        """Tessera alone: training steps of several batches or sizes in turns; milliseconds by name and round."""
        times = {name: [] for name in variants}
        with self.start(self.programs[0]) as worker:
            for operation in variants.values():
                warm_up(worker, operation)
            for number in range(self.rounds):
                tell(f'{", ".join(variants)}: round {number + 1}')
                for name, operation in variants.items():
                    times[name].append(turn(worker, operation))
        return times


def warm_up(worker, operation):
    """Calls it a few times; the checks of every call of a training step, else of the last call."""
    if operation.trains:
        return [worker.perform(operation.line)[1] for _ in range(WARM_UP_CALLS)]
    return [worker.perform(operation.line, 1 if operation.slow else WARM_UP_CALLS)[1]]


def turn(worker, operation):
    return statistics.median(worker.perform(operation.line, operation.calls)[0])


def require_same(operation, checks):
    """Ends the comparison if a program's checks differ from the first one's."""
    (first, expected), *others = checks.items()
    for name, numbers in others:
        for call, (one, other) in enumerate(zip(expected, numbers), start=1):
            if not abs(one - other) <= BOUND * abs(one):
                raise SystemExit(
                    f'{operation.name}: the results of {first} and {name} differ: call {call} gives {one:.7g} and '
                    f'{other:.7g}, a relative difference above {BOUND:g}')
