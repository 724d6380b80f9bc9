r"""Trains the reference notebook's model in PyTorch on CIFAR-10, for a curve to compare with Tessera's.

    python3 train_reference.py --data-dir cifar-10-batches-bin --preset reference-ema --lr 1e-3 --updates 2000 \
        --out curve.csv

Writes rows `update,recon_error,perplexity,vq_loss,seconds`, means over the last 100 updates. Then evaluates the whole
test split: `recon_error` (MSE over all pixels / the training set's variance), `perplexity` (codes counted over the
whole split) and `codes_used`, as rows of FILE.test.csv (`split,recon_error,perplexity,codes_used`).

This is the reference notebook's loop except for its data loader, which is recreated at every update, so that an image
may come twice before another comes once. Here, as in Tessera, each epoch visits the images once in a shuffled order (a
last partial batch is left out). With --shared-start the first weights and the batches are those of a Tessera run of the
same --seed.
"""

import argparse
import csv
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

import shared_start
from reference_model import Model

ROW_EVERY = 100


def read_cifar10(folder, names):
    """Images [N, 3, 32, 32] (uint8): records of 1 label byte and 3072 pixel bytes, planes R, G, B."""
    records = [np.fromfile(os.path.join(folder, name), np.uint8).reshape(-1, 3073) for name in names]
    return np.concatenate(records)[:, 1:].reshape(-1, 3, 32, 32)


def batches(images, size, seed):
    """Endless batches, float32 [size, 3, 32, 32] in -0.5..0.5, without replacement within an epoch."""
    if len(images) < size:
        raise SystemExit(f'{len(images)} images are fewer than a batch of {size}')
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(order) - size + 1, size):
            yield to_floats(images[order[start:start + size]])


def to_floats(images):
    return torch.from_numpy(images.astype(np.float32) / np.float32(255) - np.float32(0.5))


def data_variance(images):
    """The variance of byte/255, exactly: from the counts of the 256 byte values."""
    counts = np.bincount(images.reshape(-1), minlength=256).astype(np.float64)
    values = np.arange(256) / 255.0
    mean = (counts * values).sum() / counts.sum()
    return float((counts * (values - mean) ** 2).sum() / counts.sum())


def train(model, images, args, variance):
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, amsgrad=False)
    source = (shared_start.batches(images, args.batch, args.seed, to_floats) if args.shared_start
              else batches(images, args.batch, args.seed))
    recent = []
    model.train()
    with open(args.out, 'w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['update', 'recon_error', 'perplexity', 'vq_loss', 'seconds'])
        started = time.perf_counter()
        for update in range(1, args.updates + 1):
            data = next(source)
            optimizer.zero_grad()
            vq_loss, reconstruction, perplexity, _ = model(data)
            recon_error = F.mse_loss(reconstruction, data) / variance
            (recon_error + vq_loss).backward()
            optimizer.step()
            recent.append((recon_error.item(), perplexity.item(), vq_loss.item()))
            if update % ROW_EVERY == 0 or update == args.updates:
                seconds = time.perf_counter() - started
                means = np.mean(recent, axis=0)
                rows.writerow([update] + [f'{mean:.6g}' for mean in means] + [f'{seconds:.1f}'])
                file.flush()
                print(f'{update} updates  recon_error {means[0]:.4f}  perplexity {means[1]:.2f}  {seconds:.0f} s',
                      flush=True)
                recent = []


@torch.no_grad()
def evaluate(model, images, variance, size=250):
    """recon_error, perplexity and codes used over all images."""
    model.eval()
    squares, counts = 0.0, np.zeros(model._vq_vae._num_embeddings, np.int64)
    for start in range(0, len(images), size):
        data = to_floats(images[start:start + size])
        _, reconstruction, _, codes = model(data)
        squares += float(((reconstruction - data).double() ** 2).sum())
        counts += np.bincount(codes.numpy(), minlength=len(counts))
    p = counts / counts.sum()
    perplexity = float(np.exp(-np.sum(p * np.log(p + 1e-10))))
    return squares / images.size / variance, perplexity, int((counts > 0).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-dir', required=True, help='folder of data_batch_1.bin ... test_batch.bin')
    parser.add_argument('--preset', choices=['reference', 'reference-ema'], default='reference-ema')
    parser.add_argument('--lr', type=float, default=1e-4)
    parser.add_argument('--updates', type=int, default=2000)
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--out', default='curve.csv')
    parser.add_argument('--shared-start', action='store_true',
                        help="start from Tessera's first weights for this seed and draw its batches")
    parser.add_argument('--weights', help='also write the trained state_dict here (torch.save)')
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    images = read_cifar10(args.data_dir, [f'data_batch_{i}.bin' for i in range(1, 6)])
    held_out = read_cifar10(args.data_dir, ['test_batch.bin'])
    variance = data_variance(images)
    print(f'{len(images)} + {len(held_out)} images, data variance {variance:.6f}', flush=True)

    model = Model(decay=0.99 if args.preset == 'reference-ema' else 0.0)
    if args.shared_start:
        shared_start.fill(model, args.seed)
    train(model, images, args, variance)
    if args.weights:
        torch.save(model.state_dict(), args.weights)
    recon_error, perplexity, codes_used = evaluate(model, held_out, variance)
    with open(os.path.splitext(args.out)[0] + '.test.csv', 'w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['split', 'recon_error', 'perplexity', 'codes_used'])
        rows.writerow(['test', f'{recon_error:.6g}', f'{perplexity:.6g}', codes_used])
    print(f'test  recon_error {recon_error:.4f}  perplexity {perplexity:.2f}  codes used {codes_used}')


if __name__ == '__main__':
    main()
