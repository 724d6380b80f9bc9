"""The measured operations: names for people, lines for the workers."""

import dataclasses

CODEBOOKS = ('gradient', 'ema')
PASSES = ('forward', 'input_gradient', 'weight_gradient')
# By default; the others take minutes with programs that have no cache of keys and values.
USUAL = ('step', 'evaluate', 'encode', 'decode', 'convolutions', 'nearest', 'memory', 'startup', 'threads', 'batches',
         'sizes')
GROUPS = (*USUAL, 'prior', 'sample')
SIZE, CODES, CODE_DIM, CODES_PER_IMAGE = 32, 512, 64, 64
PRIOR_BATCH, PRIORS = 64, ((128, 4), (192, 6))


@dataclasses.dataclass(frozen=True)
class Operation:
    """Calls per turn: short operations are called more than once; the turn's time is their median. A slow one is
    warmed up by one call, and measured with the first setting of each program."""
    name: str
    line: str
    calls: int = 3
    trains: bool = False
    flops: int = 0
    slow: bool = False


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution of the reference notebook's network: size is the height and width of its input."""
    name: str
    channels: int
    out_channels: int
    kernel: int
    stride: int
    padding: int
    size: int
    transposed: bool = False

    def operations(self, batch):
        kind = 'transposed' if self.transposed else 'convolution'
        sizes = f'{self.channels} {self.out_channels} {self.kernel} {self.stride} {self.padding} {self.size} {batch}'
        pixels = (self.size if self.transposed else self.size // self.stride) ** 2
        flops = 2 * batch * pixels * self.channels * self.out_channels * self.kernel**2
        for one in PASSES:
            yield Operation(f'{self.name}: {one.replace("_", " ")}', f'{kind} {one} {sizes}', flops=flops)


CONVOLUTIONS = (
    Convolution('4x4 s2 3->64, 32x32', 3, 64, 4, 2, 1, 32),
    Convolution('4x4 s2 64->128, 16x16', 64, 128, 4, 2, 1, 16),
    Convolution('3x3 128->128, 8x8', 128, 128, 3, 1, 1, 8),
    Convolution('3x3 128->32, 8x8', 128, 32, 3, 1, 1, 8),
    Convolution('1x1 32->128, 8x8', 32, 128, 1, 1, 0, 8),
    Convolution('1x1 128->64, 8x8', 128, 64, 1, 1, 0, 8),
    Convolution('3x3 64->128, 8x8', 64, 128, 3, 1, 1, 8),
    Convolution('transposed 4x4 s2 128->64, 8x8', 128, 64, 4, 2, 1, 8, transposed=True),
    Convolution('transposed 4x4 s2 64->3, 16x16', 64, 3, 4, 2, 1, 16, transposed=True),
)


def training(codebook, batch, size=SIZE, calls=1):
    return Operation(
        f'training step, {codebook} codebook', f'train {codebook} {batch} {size}', calls=calls, trains=True)


def of_group(group, batch):
    """The operations of a group, which all programs perform in turns."""
    rows = batch * CODES_PER_IMAGE
    return {
        'step': [training(codebook, batch) for codebook in CODEBOOKS],
        'evaluate': [Operation('evaluation (forward)', f'evaluate {batch} {SIZE}')],
        'encode': [Operation('encoding images to codes', f'encode {batch} {SIZE}')],
        'decode': [Operation('decoding codes to images', f'decode {batch} {SIZE}')],
        'convolutions': [operation for layer in CONVOLUTIONS for operation in layer.operations(batch)],
        'nearest': [Operation(f'nearest of {CODES} codes, N = {rows}', f'nearest {rows} {CODES} {CODE_DIM}',
                              flops=2 * rows * CODES * CODE_DIM)],
        'prior': [Operation(f'training step of a prior, width {width}', f'prior {PRIOR_BATCH} {width} 4 {heads}',
                            calls=1, trains=True) for width, heads in PRIORS],
        'sample': [Operation(f'{PRIOR_BATCH} samples with guidance, width {width}',
                             f'sample {PRIOR_BATCH} {width} 4 {heads}', calls=1, slow=True)
                   for width, heads in PRIORS],
    }.get(group, [])
