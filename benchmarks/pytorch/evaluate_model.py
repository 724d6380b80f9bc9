"""Loads a model trained by Tessera into the reference notebook's model and measures it over CIFAR-10's test split.

    python3 evaluate_model.py --data-dir cifar-10-batches-bin runs/cifar/model.safetensors

Prints recon_error, perplexity and codes used, as `tessera eval` does.
"""

import argparse
import json
import struct

import numpy as np
import torch

from reference_model import Model
from train_reference import data_variance, evaluate, read_cifar10


def read_float32(path):
    """The tensors and the metadata of a safetensors file of float32."""
    with open(path, 'rb') as file:
        header = json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))
        data = file.read()
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], '<f4').reshape(entry['shape']).copy())
    return tensors, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model')
    parser.add_argument('--data-dir', required=True, help='folder of data_batch_1.bin ... test_batch.bin')
    parser.add_argument('--threads', type=int, default=2)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    tensors, metadata = read_float32(args.model)
    model = Model(decay=float(metadata.get('decay', 0)))
    model.load_state_dict(tensors)
    train = read_cifar10(args.data_dir, [f'data_batch_{i}.bin' for i in range(1, 6)])
    test = read_cifar10(args.data_dir, ['test_batch.bin'])
    recon_error, perplexity, codes_used = evaluate(model, test, data_variance(train))
    print(f'recon_error {recon_error:.6f}  perplexity {perplexity:.4f}  codes used {codes_used}')


if __name__ == '__main__':
    main()
