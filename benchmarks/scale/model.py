#!/usr/bin/env python3
"""The time of an update on P nodes, on paper; docs/scale.md has its assumptions and a table.

One rank a node, the same images a rank at every P (weak scaling). Gradients are sent in pieces: every rank a part to
every other, then its sums to all. A piece is sent while the backward pass computes the next one; the last one, and a
small message that says whether to stop, are waited for.
"""

import argparse
import math

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seconds", type=float, default=0.033, help="time to compute an update [0.033]")
parser.add_argument("--images", type=int, default=32, help="images of an update on one rank [32]")
parser.add_argument("--megabytes", type=float, default=3, help="what is summed in an update [3]")
parser.add_argument("--piece", type=float, default=0.52, help="megabytes of a piece [0.52]")
parser.add_argument("--backward", type=float, default=0.6, help="the backward pass's part of the time [0.6]")
parser.add_argument("--gigabits", type=float, default=10, help="what a node sends in a second [10]")
parser.add_argument("--latency", type=float, default=30, help="microseconds of a message [30]")
options = parser.parse_args()

pieces = max(1, math.ceil(options.megabytes / options.piece))
print("| nodes | sending | waiting | images/s | of P times one |")
print("|---|---|---|---|---|")
for nodes in (1, 2, 4, 8, 16, 32, 64):
    latency = options.latency * 1e-6
    piece = options.megabytes / pieces
    # Both halves go from rank to rank in P - 1 steps.
    sending = 2 * (nodes - 1) * (piece * 1e6 / nodes / (options.gigabits * 1e9 / 8) + latency)
    # The first piece is complete when a part of the backward pass is over.
    computing = options.seconds * options.backward * (pieces - 1) / pieces
    waiting = max(0, (pieces - 1) * sending - computing) + sending + math.ceil(math.log2(nodes)) * latency
    time = options.seconds + waiting
    rate = nodes * options.images / time
    print(f"| {nodes} | {1000 * pieces * sending:.1f} ms | {1000 * waiting:.1f} ms | {rate:.0f} "
          f"| {options.seconds / time:.2f} |")
