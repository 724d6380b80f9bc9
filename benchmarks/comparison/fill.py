"""Writes results into the documents that quote them, between comments that name a block."""

import re
import textwrap

from comparison import report

MARK = re.compile(r'(<!-- compare\.sh: (\w+) -->\n).*?(<!-- end -->)', re.DOTALL)
# Shorter runs, or smaller batches, do not show how fast the programs are.
FEWEST_ROUNDS, LEAST_BATCH = 5, 256
WIDTH = 118


def names(path):
    """The names of a document's blocks; raises ValueError if it has none or an unknown one."""
    with open(path) as file:
        found = [match[2] for match in MARK.finditer(file.read())]
    if not found:
        raise ValueError(f'{path} has no "<!-- compare.sh: NAME -->" and "<!-- end -->" to write between')
    for name in found:
        if name not in BLOCKS:
            raise ValueError(f'{path} asks for the block {name}; choose from {", ".join(BLOCKS)}')
    return found


def fill(path, results):
    with open(path) as file:
        text = file.read()
    text = MARK.sub(lambda match: f'{match[1]}{BLOCKS[match[2]](results)}{match[3]}', text)
    with open(path, 'w') as file:
        file.write(text)


def source(results):
    """The origin of the numbers, in a paragraph."""
    about = [report.machine(results), report.conditions(results)]
    about[1:1] = [results[family.lower()]['runtime'].split(', ', 1)[1] for family in report.families(results)]
    short = results['rounds'] < FEWEST_ROUNDS or results['batch'] < LEAST_BATCH
    note = '**A short run: it shows that the comparison works, not how fast the programs are.** ' if short else ''
    unfair = ''.join(f' **Warning**: {warning}.' for warning in report.warnings(results))
    return wrap(f'{note}By `{report.command(results)}`: {"; ".join(about)}.{unfair}') + '\n'


def wrap(text, indent=''):
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def comparison(results):
    """Medians and ratios of every kind of work."""
    return table(results, report.works(results))


def summary(results):
    """The same without the evaluation."""
    return table(results, [work for work in report.works(results) if not work[0].startswith('evaluation')])


def table(results, works):
    families = report.families(results)
    head = ['', 'Tessera', *(cell for family in families for cell in (report.version(results, family), 'ratio'))]
    rows = []
    for name, times, unit in works:
        found = report.summary(times)
        cells = [name, median(found, report.TESSERA, unit)]
        for family in families:
            best = found.get(family)
            cells += [median(found, best['best'], unit), f"{best['ratio_of_medians']:.2f}"] if best else ['', '']
        rows.append(cells)
    if 'libtorch' in families:
        rows.append(['files beside the program', 'none', report.beside(results)] + [''] * (2 * len(families) - 1))
    return f'{source(results)}\n{report.table(head, rows)}'


def median(found, name, unit):
    return f"{report.three_digits(found['programs'][name]['median'])} {unit}"


def libtorch(results):
    """A list: libtorch's files beside a program, whether they load, the time of a step."""
    if 'libtorch' not in report.families(results):
        return 'libtorch was not there when this page was filled.\n'
    lines = [f'- `dotnet publish -r linux-x64 --no-self-contained` puts {report.beside(results)} beside the program.',
             f'- {report.loading(results)}.']
    for entry in results['operations'].get('step', []):
        found = report.summary(entry['milliseconds'])
        best = found['libtorch']
        setting = best['best'].removeprefix('libtorch, ')
        lines.append(f"- {entry['name'].capitalize()}: libtorch {median(found, best['best'], 'ms')} ({setting}), "
                     f"Tessera {median(found, report.TESSERA, 'ms')}, ratio {best['ratio_of_medians']:.2f}.")
    return '\n'.join(wrap(line, indent='  ') for line in lines) + f'\n\n{source(results)}'


BLOCKS = {'comparison': comparison, 'summary': summary, 'libtorch': libtorch}
