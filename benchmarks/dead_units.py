#!/usr/bin/env python3
"""Counts the units of each convolution that get no gradient: dead_units.py RUN

Reads the newest checkpoint's optimizer.safetensors. A unit was inactive for some hundred updates if the running mean of
its gradients (Adam's first moment, Muon's momentum) has a norm below 1e-7. Needs numpy.
"""
import json
import pathlib
import sys

import numpy

NOTHING = 1e-7


def tensors(path):
    data = path.read_bytes()
    header_end = 8 + int.from_bytes(data[:8], 'little')
    for name, entry in json.loads(data[8:header_end]).items():
        if name != '__metadata__':
            start, end = entry['data_offsets']
            values = numpy.frombuffer(data[header_end + start:header_end + end], numpy.float32)
            yield name, values.reshape(entry['shape'])


def main():
    checkpoints = pathlib.Path(sys.argv[1], 'checkpoints').iterdir()
    newest = max((path for path in checkpoints if path.name.isdigit()), key=lambda path: int(path.name))
    for name, mean in tensors(newest / 'optimizer.safetensors'):
        weight = name.removesuffix('.exp_avg').removesuffix('.momentum_buffer')
        if weight == name or mean.ndim != 4:
            continue
        # The units of a transposed convolution's weight are on its second axis.
        units = mean.swapaxes(0, 1) if '_conv_trans_' in name else mean
        dead = (numpy.linalg.norm(units.reshape(len(units), -1), axis=1) < NOTHING).sum()
        print(f'{weight:52} {dead:4} of {len(units)}')


if __name__ == '__main__':
    sys.exit(__doc__) if len(sys.argv) != 2 else main()
