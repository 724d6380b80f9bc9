"""Starts PyTorch like a Tessera run of the same --seed: the same first weights and the same batches in the same order.

Tessera's random numbers are Philox (`tests/fixtures/parity/philox.py`): tensor number t of the model is stream t of the
seed, epoch e of the data is stream 2^60 + e. The two runs differ in their arithmetic only.
"""

import os
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'parity'))
import philox  # noqa: E402

EPOCHS = 1 << 60


def normal(seed, stream, shape):
    """Box-Muller over pairs of uniform numbers, as in CounterRandom.Normal."""
    u = philox.uniform(seed, stream, (int(np.prod(shape)), 2), 0, 1).astype(np.float64)
    values = np.sqrt(-2 * np.log(1 - u[:, 0])) * np.cos(2 * np.pi * u[:, 1])
    return values.astype(np.float32).reshape(shape)


def fill(model, seed):
    """Overwrites the model's parameters with Tessera's first weights."""
    state, stream = model.state_dict(), 0
    names = [name for name in state if not name.startswith('_vq_vae.')]
    before = [name for name in names if not name.startswith('_decoder.')]
    quantizer = [name for name in ('_vq_vae._ema_w', '_vq_vae._embedding.weight') if name in state]
    bound = np.float32(0)
    for name in before + quantizer + names[len(before):]:
        shape = tuple(state[name].shape)
        if name.startswith('_vq_vae.'):
            values = (normal(seed, stream, shape) if len(quantizer) == 2
                      else philox.uniform(seed, stream, shape, -1 / shape[0], 1 / shape[0]))
        else:
            if name.endswith('weight'):  # a bias follows its weight and shares its bound
                bound = np.float32(1) / np.sqrt(np.float32(np.prod(shape[1:])))
            values = philox.uniform(seed, stream, shape, -bound, bound)
        state[name].copy_(torch.from_numpy(values))
        stream += 1


def permutation(seed, stream, count):
    """Fisher-Yates with CounterRandom.Below."""
    numbers = philox.bits(seed, stream, count).astype(np.uint64)
    below = ((numbers * np.arange(1, count + 1, dtype=np.uint64)) >> np.uint64(32)).tolist()
    order = [0] * count
    for i, j in enumerate(below):
        order[i] = order[j]
        order[j] = i
    return np.array(order)


def batches(images, size, seed, to_floats):
    """Endless batches; one that straddles two epochs takes from both."""
    left, epoch = np.empty(0, np.int64), 0
    while True:
        while len(left) < size:
            left = np.concatenate([left, permutation(seed, EPOCHS + epoch, len(images))])
            epoch += 1
        yield to_floats(images[left[:size]])
        left = left[size:]
