"""PyTorch's side of measure.py: reads questions as lines of JSON, answers with milliseconds a call.

    pytorch_worker.py cuda|cpu [QUESTION]

The model is the reference notebook's without its one-hot matrix; it is compiled and its step is a CUDA graph. On the
processor, where a rehearsal runs, neither is done. A QUESTION of the command line is not timed: the process is."""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'pytorch'))
import prior_model  # noqa: E402
from reference_model import Model  # noqa: E402

DEVICE = sys.argv[1]
IS_GPU = DEVICE == 'cuda'
WARM_UP, CALLS, TURNS = (20, 200, 3) if IS_GPU else (1, 2, 1)


class Quantizer(torch.nn.Module):
    """The codebook by gradients, with a lookup in place of the product with a one-hot matrix."""

    def __init__(self, codes=512, width=64, commitment=0.25):
        super().__init__()
        self.embedding = torch.nn.Embedding(codes, width)
        self.embedding.weight.data.uniform_(-1 / codes, 1 / codes)
        self.commitment = commitment

    def indices(self, flat):
        table = self.embedding.weight
        return torch.argmin((table**2).sum(1) - 2 * flat @ table.t(), dim=1)

    def forward(self, inputs):
        inputs = inputs.permute(0, 2, 3, 1).contiguous().float()
        flat = inputs.view(-1, inputs.shape[-1])
        indices = self.indices(flat)
        quantized = self.embedding(indices).view(inputs.shape)
        loss = F.mse_loss(quantized, inputs.detach()) + self.commitment * F.mse_loss(quantized.detach(), inputs)
        quantized = inputs + (quantized - inputs).detach()
        # bincount waits for the GPU, which a graph cannot record.
        counts = torch.zeros(self.embedding.num_embeddings, device=indices.device)
        share = counts.scatter_add(0, indices, torch.ones_like(indices, dtype=torch.float)) / indices.numel()
        perplexity = torch.exp(-(share * torch.log(share + 1e-10)).sum())
        return loss, quantized.permute(0, 3, 1, 2), perplexity


def model():
    made = Model()
    made._vq_vae = Quantizer()
    return made.to(DEVICE).to(memory_format=torch.channels_last)


def adam(net, rate):
    return torch.optim.Adam(net.parameters(), lr=rate, **({'fused': True, 'capturable': True} if IS_GPU else {}))


def random_images(batch):
    return (torch.rand(batch, 3, 32, 32, device=DEVICE) - 0.5).to(memory_format=torch.channels_last)


def pinned(values):
    return values.pin_memory() if IS_GPU else values


def set_precision(precision):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision != 'float32'


def time_of(call):
    for _ in range(WARM_UP):
        call()
    best = []
    for _ in range(TURNS):
        if not IS_GPU:
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            best.append(1000 * (time.perf_counter() - started) / CALLS)
            continue
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(CALLS):
            call()
        end.record()
        torch.cuda.synchronize()
        best.append(start.elapsed_time(end) / CALLS)
    return sorted(best)[TURNS // 2]


def replayed(optimizer, loss_of, *inputs):
    """An update, compiled and recorded; loss_of returns the loss, and what else is computed."""
    if IS_GPU:
        loss_of = torch.compile(loss_of)

    def update():
        optimizer.zero_grad(set_to_none=True)
        loss_of(*inputs)[0].backward()
        optimizer.step()

    if not IS_GPU:
        return update
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            update()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update()
    return graph.replay


def best_step(batch, precision):
    set_precision(precision)
    net = model()

    def loss_of(x):
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == 'bfloat16'):
            z = net._pre_vq_conv(net._encoder(x))
            vq_loss, quantized, perplexity = net._vq_vae(z)
            recon = net._decoder(quantized)
        return vq_loss + F.mse_loss(recon.float(), x) / 0.0632, perplexity

    return replayed(adam(net, 1e-4), loss_of, random_images(batch))


def notebook_update(batch):
    """The notebook's loop body, with its one-hot matrix; the losses are read back."""
    set_precision('auto')
    net = Model().to(DEVICE)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    images, losses = random_images(batch).contiguous(), []

    def update():
        optimizer.zero_grad()
        vq_loss, recon, perplexity, _ = net(images)
        recon_error = F.mse_loss(recon, images) / 0.0632
        (recon_error + vq_loss).backward()
        optimizer.step()
        losses.append((recon_error.item(), perplexity.item()))

    return update


def start(batch, replays):
    (best_step(batch, 'auto') if replays else notebook_update(batch))()
    if IS_GPU:
        torch.cuda.synchronize()


def prior(batch, sizes):
    set_precision('auto')
    net = prior_model.create(0, *sizes)
    for name in ('row_of', 'column_of', 'mask'):
        setattr(net, name, getattr(net, name).to(DEVICE))
    net = net.to(DEVICE)
    inputs, targets = (part.to(DEVICE) for part in prior_model.training_batch(batch))
    return replayed(
        adam(net, 1e-3), lambda x, y: (F.cross_entropy(net(x).flatten(0, 1), y.flatten()),), inputs, targets)


def encode(count):
    set_precision('auto')
    net = model().eval()
    images = pinned(torch.rand(count, 3, 32, 32) - 0.5)

    @torch.no_grad()
    def call():
        z = net._pre_vq_conv(net._encoder(images.to(DEVICE, non_blocking=True).to(memory_format=torch.channels_last)))
        net._vq_vae.indices(z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])).cpu()

    return call


def decode(count):
    set_precision('auto')
    net = model().eval()
    codes = pinned(torch.randint(0, 512, (count, 8, 8)))

    @torch.no_grad()
    def call():
        net._decoder(net._vq_vae.embedding(codes.to(DEVICE, non_blocking=True)).permute(0, 3, 1, 2)).cpu()

    return call


def make(question):
    """What is timed, compiled and recorded."""
    if 'step' in question:
        return best_step(question['step'], question['precision'])
    if 'loop' in question:
        return notebook_update(question['loop'])
    if 'prior' in question:
        return prior(question['prior'], question['sizes'])
    return encode(question['encode']) if 'encode' in question else decode(question['decode'])


def main():
    if len(sys.argv) > 2:
        question = json.loads(sys.argv[2])
        start(question['start'], question['replays'])
        return
    made = {}
    for line in sys.stdin:
        try:
            # Compiled once for all turns.
            if line not in made:
                made[line] = make(json.loads(line))
            set_precision(json.loads(line).get('precision', 'auto'))
            print(json.dumps({'ms': time_of(made[line])}), flush=True)
        except Exception as error:  # A setting that this PyTorch cannot run leaves its cell empty.
            print(f'PyTorch failed: {error}', file=sys.stderr, flush=True)
            print(json.dumps({'ms': None}), flush=True)


main()
