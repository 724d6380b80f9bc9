#!/usr/bin/env python3
"""The time of an update on P nodes, on paper; docs/scale.md has its assumptions and a table.

One rank a node, the same images a rank at every P (weak scaling). An update computes, then sends: every rank a piece to
every other, then its sums to all; and a small message that says whether to stop. Nothing is sent while it computes.
"""

import argparse
import math

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seconds", type=float, default=0.033, help="time to compute an update [0.033]")
parser.add_argument("--images", type=int, default=32, help="images of an update on one rank [32]")
parser.add_argument("--megabytes", type=float, default=3, help="what is summed in an update [3]")
parser.add_argument("--gigabits", type=float, default=10, help="what a node sends in a second [10]")
parser.add_argument("--latency", type=float, default=30, help="microseconds of a message [30]")
options = parser.parse_args()

print("| nodes | sending | images/s | of P times one |")
print("|---|---|---|---|")
for nodes in (1, 2, 4, 8, 16, 32, 64):
    latency = options.latency * 1e-6
    sent = 2 * (nodes - 1) / nodes * options.megabytes * 1e6 / (options.gigabits * 1e9 / 8)
    # Both halves go from rank to rank in P - 1 steps; the small message in log2 P.
    waiting = (2 * (nodes - 1) + math.ceil(math.log2(nodes))) * latency
    time = options.seconds + sent + waiting
    rate = nodes * options.images / time
    print(f"| {nodes} | {1000 * (sent + waiting):.1f} ms | {rate:.0f} | {options.seconds / time:.2f} |")
