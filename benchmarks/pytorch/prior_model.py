"""The prior of src/Tessera/Priors in PyTorch: a transformer over class and codes, with Tessera's first weights."""

import math

import torch
import torch.nn.functional as F
from torch import nn

import shared_start

DEVIATION, CLASSES, CODES, SIDE, CODE_STEP = 0.02, 10, 512, 8, 7919
LENGTH, ANY = SIDE * SIDE, CODES + CLASSES


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads) + mask[:length, :length]
        attended = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        x = x + self.proj(attended)
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate='tanh'))


class Prior(nn.Module):
    def __init__(self, width, layers, heads):
        super().__init__()
        self.inputs, self.rows = nn.Embedding(ANY + 1, width), nn.Embedding(SIDE, width)
        self.columns = nn.Embedding(SIDE, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CODES, bias=False)
        positions = torch.arange(LENGTH)
        self.row_of, self.column_of = positions // SIDE, positions % SIDE
        self.mask = torch.full((LENGTH, LENGTH), -math.inf).triu(1)

    def forward(self, inputs):
        length = inputs.shape[1]
        x = self.inputs(inputs) + (self.rows(self.row_of) + self.columns(self.column_of))[:length]
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.norm(x))


def create(seed, width, layers, heads):
    """The prior with Tessera's first weights: drawn ones in the order of creation, the others zeros and ones."""
    model = Prior(width, layers, heads)
    names = ['inputs', 'rows', 'columns']
    for i in range(layers):
        names += [f'blocks.{i}.{name}' for name in ('qkv', 'proj', 'up', 'down')]
    last, state = DEVIATION / math.sqrt(2 * layers), model.state_dict()
    for stream, name in enumerate([*names, 'head']):
        tensor = state[name + '.weight']
        deviation = last if name.endswith(('proj', 'down')) else DEVIATION
        values = shared_start.normal(seed, stream, tuple(tensor.shape))
        tensor.copy_(torch.from_numpy(values) * deviation)
    for name in state:
        if name.endswith('.bias'):
            state[name].zero_()
    return model


def training_batch(batch):
    """Inputs and targets, both [batch, 64]."""
    codes = (torch.arange(batch * LENGTH) * CODE_STEP % CODES).view(batch, LENGTH)
    firsts = CODES + torch.arange(batch) % CLASSES
    return torch.cat([firsts[:, None], codes[:, :-1]], 1), codes


def sample(model, count):
    """The most likely codes with guidance 1, without a cache: each position computes all before it again."""
    inputs = torch.cat([CODES + torch.arange(count) % CLASSES, torch.full((count,), ANY)])[:, None]
    for _ in range(LENGTH):
        guided, free = model(inputs)[:, -1].chunk(2)
        codes = (free + 2 * (guided - free)).argmax(1)
        inputs = torch.cat([inputs, torch.cat([codes, codes])[:, None]], 1)
    return inputs[:count, 1:]
