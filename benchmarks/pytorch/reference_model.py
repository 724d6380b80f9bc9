"""The reference notebook's model in PyTorch, with its names: its state_dict has the keys Tessera reads and writes.

Two things differ from the notebook, neither of them in the numbers. The EMA quantizer writes its new codebook into the
existing parameters; the notebook makes new ones, and the optimizer keeps the old ones, which never have a gradient. The
nearest codes are returned as indices, not as an N x K one-hot matrix.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizer(nn.Module):
    """Codebook trained by gradients. Returns loss, quantized (BCHW), perplexity and the indices [B*H*W]."""

    def __init__(self, num_embeddings, embedding_dim, commitment_cost):
        super().__init__()
        self._embedding_dim = embedding_dim
        self._num_embeddings = num_embeddings
        self._embedding = nn.Embedding(num_embeddings, embedding_dim)
        self._embedding.weight.data.uniform_(-1 / num_embeddings, 1 / num_embeddings)
        self._commitment_cost = commitment_cost

    def forward(self, inputs):
        inputs, flat, indices, encodings = self._nearest(inputs)
        quantized = torch.matmul(encodings, self._embedding.weight).view(inputs.shape)
        e_latent_loss = F.mse_loss(quantized.detach(), inputs)
        q_latent_loss = F.mse_loss(quantized, inputs.detach())
        loss = q_latent_loss + self._commitment_cost * e_latent_loss
        return self._finish(loss, inputs, quantized, encodings, indices)

    def _nearest(self, inputs):
        inputs = inputs.permute(0, 2, 3, 1).contiguous()
        flat = inputs.view(-1, self._embedding_dim)
        distances = (torch.sum(flat**2, dim=1, keepdim=True)
                     + torch.sum(self._embedding.weight**2, dim=1)
                     - 2 * torch.matmul(flat, self._embedding.weight.t()))
        indices = torch.argmin(distances, dim=1)
        encodings = torch.zeros(flat.shape[0], self._num_embeddings, dtype=inputs.dtype, device=inputs.device)
        encodings.scatter_(1, indices.unsqueeze(1), 1)
        return inputs, flat, indices, encodings

    @staticmethod
    def _finish(loss, inputs, quantized, encodings, indices):
        quantized = inputs + (quantized - inputs).detach()
        avg_probs = torch.mean(encodings, dim=0)
        perplexity = torch.exp(-torch.sum(avg_probs * torch.log(avg_probs + 1e-10)))
        return loss, quantized.permute(0, 3, 1, 2).contiguous(), perplexity, indices


class VectorQuantizerEMA(VectorQuantizer):
    """Codebook of exponential moving averages, updated in training mode only."""

    def __init__(self, num_embeddings, embedding_dim, commitment_cost, decay, epsilon=1e-5):
        super().__init__(num_embeddings, embedding_dim, commitment_cost)
        self._embedding.weight.data.normal_()
        self.register_buffer('_ema_cluster_size', torch.zeros(num_embeddings))
        self._ema_w = nn.Parameter(torch.empty(num_embeddings, embedding_dim).normal_())
        self._decay = decay
        self._epsilon = epsilon

    def forward(self, inputs):
        inputs, flat, indices, encodings = self._nearest(inputs)
        quantized = torch.matmul(encodings, self._embedding.weight).view(inputs.shape).detach()
        if self.training:
            self._update(flat.detach(), encodings)
        loss = self._commitment_cost * F.mse_loss(quantized, inputs)
        return self._finish(loss, inputs, quantized, encodings, indices)

    @torch.no_grad()
    def _update(self, flat, encodings):
        size = self._ema_cluster_size * self._decay + (1 - self._decay) * torch.sum(encodings, 0)
        n = torch.sum(size)
        size = (size + self._epsilon) / (n + self._num_embeddings * self._epsilon) * n
        dw = torch.matmul(encodings.t(), flat)
        self._ema_cluster_size.copy_(size)
        self._ema_w.copy_(self._ema_w * self._decay + (1 - self._decay) * dw)
        self._embedding.weight.copy_(self._ema_w / size.unsqueeze(1))


class Residual(nn.Module):
    def __init__(self, in_channels, num_hiddens, num_residual_hiddens):
        super().__init__()
        # The first ReLU is in place: the skip connection in forward() carries relu(x), not x.
        self._block = nn.Sequential(
            nn.ReLU(True),
            nn.Conv2d(in_channels, num_residual_hiddens, kernel_size=3, stride=1, padding=1, bias=False),
            nn.ReLU(True),
            nn.Conv2d(num_residual_hiddens, num_hiddens, kernel_size=1, stride=1, bias=False))

    def forward(self, x):
        return x + self._block(x)


class ResidualStack(nn.Module):
    def __init__(self, in_channels, num_hiddens, num_residual_layers, num_residual_hiddens):
        super().__init__()
        self._layers = nn.ModuleList([Residual(in_channels, num_hiddens, num_residual_hiddens)
                                      for _ in range(num_residual_layers)])

    def forward(self, x):
        for layer in self._layers:
            x = layer(x)
        return F.relu(x)


class Encoder(nn.Module):
    def __init__(self, in_channels, num_hiddens, num_residual_layers, num_residual_hiddens):
        super().__init__()
        self._conv_1 = nn.Conv2d(in_channels, num_hiddens // 2, kernel_size=4, stride=2, padding=1)
        self._conv_2 = nn.Conv2d(num_hiddens // 2, num_hiddens, kernel_size=4, stride=2, padding=1)
        self._conv_3 = nn.Conv2d(num_hiddens, num_hiddens, kernel_size=3, stride=1, padding=1)
        self._residual_stack = ResidualStack(num_hiddens, num_hiddens, num_residual_layers, num_residual_hiddens)

    def forward(self, inputs):
        x = F.relu(self._conv_1(inputs))
        x = F.relu(self._conv_2(x))
        return self._residual_stack(self._conv_3(x))


class Decoder(nn.Module):
    def __init__(self, in_channels, num_hiddens, num_residual_layers, num_residual_hiddens):
        super().__init__()
        self._conv_1 = nn.Conv2d(in_channels, num_hiddens, kernel_size=3, stride=1, padding=1)
        self._residual_stack = ResidualStack(num_hiddens, num_hiddens, num_residual_layers, num_residual_hiddens)
        self._conv_trans_1 = nn.ConvTranspose2d(num_hiddens, num_hiddens // 2, kernel_size=4, stride=2, padding=1)
        self._conv_trans_2 = nn.ConvTranspose2d(num_hiddens // 2, 3, kernel_size=4, stride=2, padding=1)

    def forward(self, inputs):
        x = self._residual_stack(self._conv_1(inputs))
        x = F.relu(self._conv_trans_1(x))
        return self._conv_trans_2(x)


class Model(nn.Module):
    """Returns vq_loss, reconstruction, perplexity and the codes [B*H*W]. The defaults are the reference notebook's."""

    def __init__(self, num_hiddens=128, num_residual_layers=2, num_residual_hiddens=32,
                 num_embeddings=512, embedding_dim=64, commitment_cost=0.25, decay=0.0):
        super().__init__()
        self._encoder = Encoder(3, num_hiddens, num_residual_layers, num_residual_hiddens)
        self._pre_vq_conv = nn.Conv2d(num_hiddens, embedding_dim, kernel_size=1, stride=1)
        if decay > 0.0:
            self._vq_vae = VectorQuantizerEMA(num_embeddings, embedding_dim, commitment_cost, decay)
        else:
            self._vq_vae = VectorQuantizer(num_embeddings, embedding_dim, commitment_cost)
        self._decoder = Decoder(embedding_dim, num_hiddens, num_residual_layers, num_residual_hiddens)

    def forward(self, x):
        z = self._pre_vq_conv(self._encoder(x))
        loss, quantized, perplexity, codes = self._vq_vae(z)
        return loss, self._decoder(quantized), perplexity, codes
