"""Times single training steps of the seed's model in PyTorch (forward, backward, Adam) on made-up pictures.

    python3 step_time.py --codebook ema --batch 256 --threads 2

Prints `ready`, then obeys lines on standard input: `step` performs one step and answers its milliseconds; `quit` or the end
of the input ends the program. Between lines it waits and computes nothing, so another process can take turns with it
(A B A B), which is how two programs are compared on a machine whose speed drifts.
"""

import argparse
import sys
import time

import torch
import torch.nn.functional as F

from seed_model import Model

VARIANCE = 0.0633


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--codebook', choices=['gradient', 'ema'], default='ema')
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--memory-format', choices=['contiguous', 'channels_last'], default='contiguous')
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    layout = torch.channels_last if args.memory_format == 'channels_last' else torch.contiguous_format
    model = Model(decay=0.99 if args.codebook == 'ema' else 0.0).to(memory_format=layout)
    data = (torch.rand(args.batch, 3, 32, 32) - 0.5).contiguous(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, amsgrad=False)

    def step():
        optimizer.zero_grad()
        vq_loss, reconstruction, _, _ = model(data)
        loss = F.mse_loss(reconstruction, data) / VARIANCE + vq_loss
        loss.backward()
        optimizer.step()
        return loss.item()

    print('ready', flush=True)
    for line in sys.stdin:
        if line.strip() == 'quit':
            break
        if line.strip() != 'step':
            sys.exit(f'unknown line {line.strip()!r}: send step or quit')
        started = time.perf_counter()
        step()
        print(f'{(time.perf_counter() - started) * 1000:.2f}', flush=True)


if __name__ == '__main__':
    main()
