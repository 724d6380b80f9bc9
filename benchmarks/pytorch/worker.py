"""PyTorch's side of `benchmarks/compare.py`. The other workers obey the same lines:
`benchmarks/Tessera.Benchmarks/Worker` and `benchmarks/Tessera.Benchmarks.Libtorch`.

    python3 worker.py IMAGES VARIANCE THREADS [contiguous|channels_last]

Prints `ready`. A line `CALLS OPERATION ARGUMENT...` calls an operation that often. The answer is JSON: the milliseconds
of each call and a number computed from the result, which must agree between programs. `describe` answers with the
versions. Between lines it computes nothing.

An operation is created once and then called. It consists of three functions: preparation (not timed), the timed work,
and the check of its result.
"""

import json
import os
import re
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import prior_model
import shared_start
from reference_model import Model
from train_reference import to_floats

SEED, SIDE, PIXELS_PER_CODE, CODE_STEP = 1, 32, 4, 7919
PERIOD = 65521


def nearest_codes(flat, table):
    """The reference notebook's search: the matrix of squared distances by the expanded square, then argmin."""
    distances = (flat**2).sum(1, keepdim=True) + (table**2).sum(1) - 2 * torch.matmul(flat, table.t())
    return torch.argmin(distances, dim=1)


def numbers(stream, *shape):
    """Number i is number i % 65521 of Tessera's uniform numbers in [-1, 1)."""
    return torch.from_numpy(np.resize(shared_start.philox.uniform(SEED, stream, (PERIOD,), -1, 1), shape))


def root_mean_square(values):
    return values.double().pow(2).mean().sqrt().item()


class Operations:
    def __init__(self, images, variance, layout):
        self.images = np.fromfile(images, np.uint8).reshape(-1, SIDE, SIDE, 3)
        self.variance, self.layout, self.made = variance, layout, {}

    def find(self, words):
        name = ' '.join(words)
        if name not in self.made:
            operation, *arguments = words
            make = getattr(self, f'make_{operation}', None)
            if make is None:
                sys.exit(f'unknown operation {operation}')
            self.made[name] = make(*(int(word) if word.isdigit() else word for word in arguments))
        return self.made[name]

    def batch(self, index, batch, size):
        """Batch i begins at image i * batch; images of m times the size are mosaics of m x m images, by row."""
        tiles = size // SIDE
        numbers = np.arange(index * batch * tiles**2, (index + 1) * batch * tiles**2) % len(self.images)
        mosaics = self.images[numbers].reshape(batch, tiles, tiles, SIDE, SIDE, 3)
        mosaics = mosaics.transpose(0, 5, 1, 3, 2, 4).reshape(batch, 3, size, size)
        return to_floats(mosaics).contiguous(memory_format=self.layout)

    def model(self, codebook):
        model = Model(decay=0.99 if codebook == 'ema' else 0.0)
        shared_start.fill(model, SEED)
        return model.to(memory_format=self.layout)

    def make_train(self, codebook, batch, size):
        model, step = self.model(codebook), 0
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, amsgrad=False)
        data, loss = None, None

        def prepare():
            nonlocal data, step
            data, step = self.batch(step, batch, size), step + 1

        def run():
            nonlocal loss
            optimizer.zero_grad()
            vq_loss, reconstruction, _, _ = model(data)
            loss = F.mse_loss(reconstruction, data) / self.variance + vq_loss
            loss.backward()
            optimizer.step()

        return prepare, run, lambda: loss.item()

    def make_evaluate(self, batch, size):
        model, data = self.model('gradient').eval(), self.batch(0, batch, size)

        @torch.no_grad()
        def run():
            vq_loss, reconstruction, _, _ = model(data)
            return F.mse_loss(reconstruction, data) / self.variance + vq_loss

        return checked(run, torch.Tensor.item)

    def make_encode(self, batch, size):
        model, data = self.model('gradient').eval(), self.batch(0, batch, size)

        @torch.no_grad()
        def run():
            z = model._pre_vq_conv(model._encoder(data)).permute(0, 2, 3, 1).contiguous()
            table = model._vq_vae._embedding.weight
            return nearest_codes(z.view(-1, table.shape[1]), table)

        return checked(run, lambda codes: codes.double().mean().item())

    def make_decode(self, batch, size):
        model, side = self.model('gradient').eval(), size // PIXELS_PER_CODE
        table = model._vq_vae._embedding.weight
        codes = torch.arange(batch * side * side) * CODE_STEP % len(table)

        @torch.no_grad()
        def run():
            quantized = F.embedding(codes, table).view(batch, side, side, -1).permute(0, 3, 1, 2)
            return model._decoder(quantized.contiguous(memory_format=self.layout))

        return checked(run, root_mean_square)

    def make_prior(self, batch, *sizes):
        model, (inputs, targets) = prior_model.create(SEED, *sizes), prior_model.training_batch(batch)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

        def run():
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
            loss.backward()
            optimizer.step()
            return loss

        return checked(run, torch.Tensor.item)

    def make_sample(self, count, *sizes):
        model = prior_model.create(SEED, *sizes)

        @torch.no_grad()
        def run():
            return prior_model.sample(model, count)

        return checked(run, lambda codes: codes.double().mean().item())

    def make_convolution(self, passes, *sizes):
        return self.convolution(False, passes, *sizes)

    def make_transposed(self, passes, *sizes):
        return self.convolution(True, passes, *sizes)

    def convolution(self, transposed, passes, channels, out_channels, kernel, stride, padding, size, batch):
        out_size = ((size - 1) * stride - 2 * padding + kernel if transposed
                    else (size + 2 * padding - kernel) // stride + 1)

        def image(stream, side, channels):
            values = numbers(stream, batch, side, side, channels).permute(0, 3, 1, 2)
            return values.contiguous(memory_format=self.layout)

        sides = (channels, out_channels) if transposed else (out_channels, channels)
        x, grad_y = image(0, size, channels), image(3, out_size, out_channels)
        weight = numbers(1, *sides, kernel, kernel).contiguous(memory_format=self.layout)
        bias = numbers(2, out_channels)
        convolve = F.conv_transpose2d if transposed else F.conv2d
        outputs = {'forward': None, 'input_gradient': 0, 'weight_gradient': 1}[passes]

        @torch.no_grad()
        def run():
            if outputs is None:
                return convolve(x, weight, bias, stride=stride, padding=padding)
            wanted = [output == outputs for output in range(3)]
            return torch.ops.aten.convolution_backward(
                grad_y, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], transposed, [0, 0], 1, wanted)[outputs]

        return checked(run, root_mean_square)

    def make_nearest(self, rows, codes, code_dim):
        flat, table = numbers(0, rows, code_dim), numbers(1, codes, code_dim)
        return checked(lambda: nearest_codes(flat, table), lambda nearest: nearest.double().mean().item())


def checked(run, check):
    """An operation without preparation; check computes the number from the return value of run."""
    result = None

    def keep():
        nonlocal result
        result = run()

    return (lambda: None), keep, lambda: check(result)


def perform(operations, words):
    prepare, run, check = operations.find(words[1:])
    milliseconds = []
    for _ in range(int(words[0])):
        prepare()
        started = time.perf_counter()
        run()
        milliseconds.append((time.perf_counter() - started) * 1000)
    return {'milliseconds': milliseconds, 'check': check()}


def describe():
    """The versions, and the speed of matrix products, which without OpenBLAS are many times slower."""
    a = torch.rand(512, 512)
    torch.mm(a, a)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        torch.mm(a, a)
        times.append(time.perf_counter() - started)
    library = re.search(r'MKL-DNN (v[\d.]+)', torch.__config__.parallel_info())
    return {
        'runtime': f'Python {sys.version.split()[0]}, PyTorch {torch.__version__}',
        'onednn': library.group(1) if library else 'none',
        'blas': blas(),
        'matmul_gflops': 2 * 512**3 / min(times) / 1e9,
    }


def blas():
    """The names of the loaded BLAS libraries' files, links resolved."""
    try:
        with open('/proc/self/maps') as maps:
            files = {os.path.realpath(line.split()[-1]) for line in maps if re.search(r'/lib\w*blas', line)}
    except OSError:
        return 'unknown'
    return ', '.join(sorted(os.path.basename(file) for file in files)) or 'none'


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit('usage: worker.py IMAGES VARIANCE THREADS [contiguous|channels_last]')
    images, variance, threads, *memory_format = sys.argv[1:]
    torch.set_num_threads(int(threads))
    layout = torch.channels_last if memory_format == ['channels_last'] else torch.contiguous_format
    operations = Operations(images, float(variance), layout)
    print('ready', flush=True)
    for line in sys.stdin:
        line = line.strip()
        print(json.dumps(describe() if line == 'describe' else perform(operations, line.split())), flush=True)


if __name__ == '__main__':
    main()
