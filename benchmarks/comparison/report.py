"""The results as Markdown for people, and with summaries for programs."""

import os
import platform
import statistics

from comparison.measure import BOUND

# Variables that choose kernels and settings; the report shows those that are set.
VARIABLES = ('TESSERA_KERNELS', 'TESSERA_CONVOLUTIONS', 'ONEDNN_MAX_CPU_ISA', 'ATEN_CPU_CAPABILITY', 'OMP_NUM_THREADS',
             'OMP_WAIT_POLICY', 'DOTNET_EnableAVX512F', 'DOTNET_TieredPGO')
TESSERA = 'Tessera'
# The other programs, the anchor first.
FAMILIES = ('libtorch', 'PyTorch')
# Between a plain BLAS and OpenBLAS on any processor of the last ten years.
SLOW_MATMUL_GFLOPS = 8


def processor():
    try:
        with open('/proc/cpuinfo') as file:
            return next(line.split(':')[1].strip() for line in file if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def environment():
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def warnings(results):
    """The reasons why the comparison is unfair, if any."""
    pytorch = results.get('pytorch')
    if pytorch and pytorch['matmul_gflops'] < SLOW_MATMUL_GFLOPS:
        yield (f"PyTorch's matrix products reach {pytorch['matmul_gflops']:.1f} GFLOP/s: it has no fast BLAS; "
               'install libopenblas0-pthread (Debian)')
    if policy := results['environment'].get('OMP_WAIT_POLICY'):
        yield f'every setting of libtorch and PyTorch ran with OMP_WAIT_POLICY={policy}, none with their default'


def summary(times):
    """Medians and minima by program, and Tessera's ratios to the best program of each family."""
    numbers = {name: {'median': statistics.median(samples), 'minimum': min(samples)}
               for name, samples in times.items()}
    found = {'programs': numbers}
    for family in FAMILIES:
        names = [name for name in times if name.startswith(f'{family},')]
        if names:
            best = min(names, key=lambda name: numbers[name]['median'])
            pairs = [own / other for own, other in zip(times[TESSERA], times[best])]
            found[family] = {'best': best, 'ratio_of_medians': numbers[TESSERA]['median'] / numbers[best]['median'],
                             'ratio_of_pairs': statistics.median(pairs)}
    return found


def families(results):
    """The measured families."""
    return [family for family in FAMILIES if results.get(family.lower())]


def with_summaries(results):
    """The results with a summary beside every list of samples."""
    complete = dict(results)
    complete['operations'] = {
        group: [{**entry, 'summary': summary(entry['milliseconds'])} for entry in entries]
        for group, entries in results['operations'].items()}
    if 'startup' in results:
        complete['startup_summary'] = summary(results['startup'])
    if memory := known_memory(results):
        complete['memory_summary'] = summary(memory)
    if 'step' in results['operations']:
        complete['step_gflops'] = step_gflops(results)
    return complete


def known_memory(results):
    return {name: [mebibytes] for name, mebibytes in results.get('memory', {}).items() if mebibytes is not None}


def step_gflops(results):
    """Direct-equivalent GFLOP/s of each kind of training step at its median time."""
    flops = results['tessera']['training_operations_per_picture'] * results['batch']
    return {entry['name']: flops / statistics.median(entry['milliseconds'][TESSERA]) / 1e6
            for entry in results['operations']['step']}


def markdown(results):
    sections = (header, ratios, steps, convolutions, scaling, sameness)
    parts = [section(results) for section in sections]
    return '\n'.join(part for part in parts if part)


def table(head, rows):
    lines = [f'| {" | ".join(cells)} |' for cells in [head, *rows]]
    lines.insert(1, '|' + '---|' * len(head))
    return '\n'.join(lines) + '\n'


def header(results):
    others = families(results)
    about = [f"{machine(results)}; {results['tessera']['runtime']}"]
    if 'libtorch' in others:
        other = results['libtorch']
        about += [f"{other['runtime']} ({other['matmul_gflops']:.0f} GFLOP/s at a product of 512)",
                  f'TorchSharp and libtorch, published: {beside(results)}. {loading(results)}']
    if 'PyTorch' in others:
        other = results['pytorch']
        about.append(f"{other['runtime']}, oneDNN {other['onednn']}, {other['blas']} "
                     f"({other['matmul_gflops']:.0f} GFLOP/s at a product of 512)")
    about += [f'{family} is not there' for family in FAMILIES if family not in others]
    about.append(conditions(results))
    if results['environment']:
        about.append('with ' + ' '.join(f'{name}={value}' for name, value in results['environment'].items()))
    about += [f'**warning**: {warning}' for warning in warnings(results)]
    title = f"# Tessera{' beside ' if others else ''}{' and '.join(others)}"
    return f'{title}\n\nMade by `{command(results)}`.\n\n' + ''.join(f'- {line}\n' for line in about)


def machine(results):
    return (f"{results['processor']}, {results['processors']} processors, {results['threads']} threads for each "
            f"program; {results['tessera']['device']}")


def conditions(results):
    return f"batch {results['batch']}, {results['pictures']}, {results['rounds']} rounds in turns, {results['date']}"


def command(results):
    """The command that makes the same run on another machine, without this one's paths."""
    settings = [f'{name}={value}' for name, value in results['environment'].items()]
    return ' '.join([*settings, 'benchmarks/compare.sh', *results.get('options', [])])


def beside(results):
    """Number and MiB of the files that TorchSharp and libtorch add to a program."""
    package = results['libtorch_package']
    return f"{package['files']} files, {package['mebibytes']:.0f} MiB"


def loading(results):
    """Whether TorchSharp and libtorch load as published: a sentence without its full stop."""
    package = results['libtorch_package']
    if not package['refused']:
        return f"As published they load on {package['system']}"
    refused = package['refused'].replace('`', "'")
    return (f"As published they do not load on {package['system']} (`{refused}`); for this comparison "
            '`benchmarks/comparison/newer_libstdcxx.py` makes them load')


def version(results, family):
    return results[family.lower()]['runtime'].split(', ')[-1]


def best_columns(results):
    return [cell for family in families(results)
            for cell in (f"{version(results, family)}'s best setting", 'which', 'ratio (pairs)')]


def ratios(results):
    """The main table: a row for each kind of work."""
    rows = [row(results, *work) for work in works(results)]
    if not rows:
        return ''
    return ('## What it takes\n\nMedian (minimum). "Ratio" is that of the medians, Tessera over the best of four '
            'settings; "pairs" the median of the ratios round by round.\n\n'
            + table(['work', 'Tessera', *best_columns(results)], rows))


def works(results):
    """Name, samples by program and unit of every kind of work except single convolutions."""
    yield from ((entry['name'], entry['milliseconds'], 'ms')
                for group, entries in results['operations'].items() if group != 'convolutions'
                for entry in entries)
    if memory := known_memory(results):
        yield f"peak memory of training, batch {results['batch']}", memory, 'MiB'
    if 'startup' in results:
        yield 'process start to first finished step', results['startup'], 's'


def row(results, name, times, unit):
    found = summary(times)
    cells = [name, amount(found['programs'][TESSERA], unit)]
    for family in families(results):
        if family not in found:
            cells += ['', '', '']
            continue
        best = found[family]
        cells += [amount(found['programs'][best['best']], unit), best['best'].removeprefix(f'{family}, '),
                  f"**{best['ratio_of_medians']:.2f}** ({best['ratio_of_pairs']:.2f})"]
    return cells


def amount(numbers, unit):
    median, least = (three_digits(numbers[key]) for key in ('median', 'minimum'))
    return f'{median} {unit}' if median == least else f'{median} ({least}) {unit}'


def three_digits(number):
    return f'{number:.0f}' if number >= 100 else f'{number:.1f}' if number >= 10 else f'{number:.2f}'


def steps(results):
    """Every setting's training step, and the step beside the processor's multiply-adds."""
    entries = results['operations'].get('step')
    if not entries:
        return ''
    found = [summary(entry['milliseconds'])['programs'] for entry in entries]
    rows = [[name, *(amount(programs[name], 'ms') for programs in found)] for name in results['programs']]
    text = '## Training step\n\n' + table(['program', *(entry['name'] for entry in entries)], rows)
    per_step = results['tessera']['training_operations_per_picture'] * results['batch'] / 1e9
    peaks = {name: statistics.median(samples) for name, samples in results['peak'].items()}
    text += (f"\nThe FMA peak, measured between the rounds ({results['tessera']['vector_bits']}-bit vectors, registers "
             f"only): {peaks['one']:.0f} GFLOP/s on one thread, {peaks['all']:.0f} on {results['threads']} "
             f"(medians; at the most {max(results['peak']['one']):.0f} and {max(results['peak']['all']):.0f}). "
             "Computed by their formulas, the step's convolutions, their gradients and its nearest codes are "
             f'{per_step:.1f} GFLOP:\n\n')
    return text + table(
        ['step', 'direct-equivalent GFLOP/s', 'of the peak'],
        [[name, f'{gflops:.0f}', f'{gflops / peaks["all"]:.2f}'] for name, gflops in step_gflops(results).items()])


def convolutions(results):
    entries = results['operations'].get('convolutions')
    if not entries:
        return ''
    rows = []
    for entry in entries:
        cells = row(results, entry['name'], entry['milliseconds'], 'ms')
        gflops = entry['flops'] / statistics.median(entry['milliseconds'][TESSERA]) / 1e6
        rows.append([*cells, f'{gflops:.0f}'])
    head = ['convolution', 'Tessera', *best_columns(results), "Tessera's direct-equivalent GFLOP/s"]
    return f"## Convolutions, batch {results['batch']}\n\n" + table(head, rows)


def scaling(results):
    """Tessera alone: threads, batches, sizes; the training step with a gradient codebook."""
    text = ''
    if 'one_against_all' in results:
        one, many = (statistics.median(results['one_against_all'][name]) for name in ('one', 'all'))
        peaks = {name: statistics.median(samples) for name, samples in results['peak'].items()}
        text += table(['', 'one thread', f"{results['threads']} threads", 'times'],
                      [['training step', f'{one:.0f} ms', f'{many:.0f} ms', f'{one / many:.2f}'],
                       ['FMA peak', f"{peaks['one']:.0f} GFLOP/s", f"{peaks['all']:.0f} GFLOP/s",
                        f"{peaks['all'] / peaks['one']:.2f}"]])
    if 'batches' in results:
        rates = {int(name): int(name) / statistics.median(times) * 1e3 for name, times in results['batches'].items()}
        text += '\n' * bool(text) + table(
            ['batch', 'images/s', 'of the fastest'],
            [[str(batch), f'{rate:.0f}', f'{rate / max(rates.values()):.2f}'] for batch, rate in rates.items()])
    if 'sizes' in results:
        medians = {name: statistics.median(times) for name, times in results['sizes'].items()}
        text += '\n' * bool(text) + table(
            ['images, as many pixels in a batch', 'ms', 'cost per pixel'],
            [[f'{name}x{name}', f'{median:.0f}', f"{median / medians['32']:.2f}"] for name, median in medians.items()])
    return f'## How it scales (Tessera alone, training step, gradient codebook)\n\n{text}' if text else ''


def sameness(results):
    """The losses of the first steps, which show that the programs make the same updates."""
    entries = results['operations'].get('step')
    if not entries or not families(results):
        return ''
    text = ('## The same updates\n\nThe losses of the first steps; every program starts from the same weights and is '
            'shown the same batches. The comparison ends with an error where one differs by more than '
            f'{BOUND:g} of it.\n')
    for entry in entries:
        rows = [[name, *(f'{loss:.6g}' for loss in losses)] for name, losses in entry['checks'].items()]
        numbers = (str(step + 1) for step in range(len(rows[0]) - 1))
        text += f"\n{entry['name']}:\n\n" + table(['program', *numbers], rows)
    return text
