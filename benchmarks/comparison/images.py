"""The images of all programs: a file of bytes [count, 32, 32, 3], and the variance of byte/255."""

import os
import random
from collections import Counter

COUNT, CHANNEL = 2048, 32 * 32
RECORD = 1 + 3 * CHANNEL
FIRST_BATCH = 'data_batch_1.bin'


def write(path, data_dir):
    """Writes CIFAR-10's first images if data_dir has them in the binary layout, else noise.

    Returns their name, for people, and their variance."""
    source = find_cifar10(data_dir)
    if source:
        with open(source, 'rb') as file:
            images = b''.join(interleave(file.read(RECORD)) for _ in range(COUNT))
    else:
        images = random.Random(1).randbytes(COUNT * 3 * CHANNEL)
    with open(path, 'wb') as file:
        file.write(images)
    return f"CIFAR-10's first {COUNT} images" if source else f'{COUNT} made-up images (noise)', variance(images)


def find_cifar10(data_dir):
    """The file of CIFAR-10's first batch, in a folder or in cifar-10-batches-bin below it, or None."""
    if not data_dir:
        return None
    places = [os.path.join(data_dir, *below, FIRST_BATCH) for below in ([], ['cifar-10-batches-bin'])]
    return next((place for place in places if os.path.exists(place)), None)


def interleave(record):
    """A record of CIFAR-10 (a label, planes of red, green and blue) as pixels of three bytes."""
    if len(record) != RECORD:
        raise SystemExit(f'{FIRST_BATCH} is damaged: it has fewer than {COUNT} images')
    pixels = bytearray(3 * CHANNEL)
    for channel in range(3):
        pixels[channel::3] = record[1 + channel * CHANNEL:1 + (channel + 1) * CHANNEL]
    return bytes(pixels)


def variance(images):
    """The variance of byte/255, exactly: from the counts of the byte values."""
    counts = Counter(images)
    mean = sum(value * count for value, count in counts.items()) / len(images)
    return sum((value - mean) ** 2 * count for value, count in counts.items()) / len(images) / 255**2
