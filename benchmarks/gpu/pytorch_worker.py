"""PyTorch's side of measure.py: reads questions as lines of JSON, answers with milliseconds a call.

The model is the reference notebook's without its one-hot matrix; it is compiled and its step is a CUDA graph."""

import json
import os
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'pytorch'))
from reference_model import Model  # noqa: E402

WARM_UP, CALLS, TURNS = 20, 200, 3


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
    return made.cuda().to(memory_format=torch.channels_last)


def set_precision(precision):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision != 'float32'


def time_of(call):
    for _ in range(WARM_UP):
        call()
    best = []
    for _ in range(TURNS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(CALLS):
            call()
        end.record()
        torch.cuda.synchronize()
        best.append(start.elapsed_time(end) / CALLS)
    return sorted(best)[TURNS // 2]


def step(batch, precision):
    set_precision(precision)
    net = model()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True, capturable=True)
    images = (torch.rand(batch, 3, 32, 32, device='cuda') - 0.5).to(memory_format=torch.channels_last)

    def loss_of(x):
        with torch.autocast('cuda', dtype=torch.bfloat16, enabled=precision == 'bfloat16'):
            z = net._pre_vq_conv(net._encoder(x))
            vq_loss, quantized, perplexity = net._vq_vae(z)
            recon = net._decoder(quantized)
        return vq_loss + F.mse_loss(recon.float(), x) / 0.0632, perplexity

    compiled = torch.compile(loss_of)

    def update():
        optimizer.zero_grad(set_to_none=True)
        loss, _ = compiled(images)
        loss.backward()
        optimizer.step()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            update()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update()
    return time_of(graph.replay)


@torch.no_grad()
def encode(count):
    set_precision('auto')
    net = model().eval()
    images = (torch.rand(count, 3, 32, 32) - 0.5).pin_memory()

    def call():
        z = net._pre_vq_conv(net._encoder(images.cuda(non_blocking=True).to(memory_format=torch.channels_last)))
        net._vq_vae.indices(z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])).cpu()

    return time_of(call)


@torch.no_grad()
def decode(count):
    set_precision('auto')
    net = model().eval()
    codes = torch.randint(0, 512, (count, 8, 8)).pin_memory()

    def call():
        net._decoder(net._vq_vae.embedding(codes.cuda(non_blocking=True)).permute(0, 3, 1, 2)).cpu()

    return time_of(call)


def answer(question):
    if 'step' in question:
        return step(question['step'], question['precision'])
    return encode(question['encode']) if 'encode' in question else decode(question['decode'])


for line in sys.stdin:
    try:
        print(json.dumps({'ms': answer(json.loads(line))}), flush=True)
    except Exception as error:  # A setting that this PyTorch cannot run leaves its cell empty.
        print(f'PyTorch failed: {error}', file=sys.stderr, flush=True)
        print(json.dumps({'ms': None}), flush=True)
    torch.cuda.empty_cache()
