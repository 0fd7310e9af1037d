"""A model grown out of a smaller one: pictures of twice the side, latents of more channels (after Karras et al. 2018).

Nothing that was learned is thrown away. The new outermost level of the autoencoder starts as doing nothing but halving
and doubling; the latents' first channels stay those of the old autoencoder, held there while it trains (`drift`), and
the further ones take up the detail.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from app.training.image import networks

QUIET = -6.0  # log variance of a new channel at first: nearly without noise
FAINT = 0.02  # standard deviation of weights that new channels begin with


def grown_autoencoder(old: Any, latent_channels: int) -> Any:
    """An autoencoder for twice the side that gives and takes the latents of `old` in its first channels."""
    channels, kept = tuple(old.config.block_out_channels), int(old.config.latent_channels)
    new = networks.new_autoencoder((channels[0], *channels), 2 * int(old.config.sample_size), latent_channels)
    with torch.no_grad():
        _encoder(old.encoder, new.encoder, kept, latent_channels)
        _decoder(old.decoder, new.decoder, kept)
        # 1 × 1 convolutions around the latents: as they were for the old channels, the identity for the new.
        for name, parts in (("quant_conv", 2), ("post_quant_conv", 1)):
            _widen(getattr(old, name), getattr(new, name), kept, latent_channels, parts)
    new.register_to_config(scaling_factor=old.config.scaling_factor)
    return new


def drift(old: Any, pictures: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    """How far the first channels of `latents` are from what `old` gives `pictures` at half the side: mean square."""
    with torch.no_grad():
        wanted = old.encode(F.avg_pool2d(pictures, 2)).latent_dist.mean.float()
    return torch.as_tensor((latents[:, : wanted.shape[1]].float() - wanted).square().mean())


@torch.no_grad()
def level(vae: Any, latents: torch.Tensor, kept: int) -> torch.Tensor:
    """Give the channels from `kept` on the mean 0 and the deviation of the first ones together, inside `vae`.

    `latents` [batch, channels, h, w] are means that it gave; returned as it gives them now. Diffusion wants channels of
    one size; what the convolutions around the latents are multiplied and divided by cancels out.
    """
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    scale = latents[:, :kept].std() / deviation.clamp(min=1e-6)
    scale[:kept], mean[:kept] = 1.0, 0.0
    channels = latents.shape[1]
    inner, outer = vae.quant_conv, vae.post_quant_conv
    inner.weight[:channels] *= scale[:, None, None, None]
    inner.bias[:channels] = (inner.bias[:channels] - mean) * scale
    inner.bias[channels:] += 2 * scale.log()  # the log variances
    outer.bias += outer.weight[:, :, 0, 0] @ mean
    outer.weight /= scale[None, :, None, None]
    return (latents - mean[:, None, None]) * scale[:, None, None]


def _encoder(old: Any, new: Any, kept: int, latent_channels: int) -> None:
    new.conv_in.load_state_dict(old.conv_in.state_dict())
    _nothing(new.down_blocks[0])
    halve = new.down_blocks[0].downsamplers[0].conv
    halve.weight.zero_()
    halve.bias.zero_()
    for channel in range(halve.weight.shape[0]):
        halve.weight[channel, channel, :2, :2] = 0.25
    for number, block in enumerate(old.down_blocks):
        new.down_blocks[number + 1].load_state_dict(block.state_dict())
    new.mid_block.load_state_dict(old.mid_block.state_dict())
    new.conv_norm_out.load_state_dict(old.conv_norm_out.state_dict())
    out = new.conv_out
    out.weight.normal_(0, FAINT)
    out.bias.zero_()
    out.bias[latent_channels:] = QUIET
    for part in range(2):  # means, then log variances
        rows = slice(part * latent_channels, part * latent_channels + kept)
        out.weight[rows] = old.conv_out.weight[part * kept : (part + 1) * kept]
        out.bias[rows] = old.conv_out.bias[part * kept : (part + 1) * kept]


def _decoder(old: Any, new: Any, kept: int) -> None:
    new.conv_in.weight.normal_(0, FAINT)
    new.conv_in.weight[:, :kept] = old.conv_in.weight
    new.conv_in.bias.copy_(old.conv_in.bias)
    new.mid_block.load_state_dict(old.mid_block.state_dict())
    last = len(old.up_blocks) - 1
    for number, block in enumerate(old.up_blocks):
        new.up_blocks[number].load_state_dict(block.state_dict(), strict=number != last)
    double = new.up_blocks[last].upsamplers[0].conv
    double.weight.zero_()
    double.bias.zero_()
    for channel in range(double.weight.shape[0]):
        double.weight[channel, channel, 1, 1] = 1.0
    _nothing(new.up_blocks[last + 1])
    new.conv_norm_out.load_state_dict(old.conv_norm_out.state_dict())
    new.conv_out.load_state_dict(old.conv_out.state_dict())


def _nothing(block: Any) -> None:
    """Residual blocks that add nothing yet."""
    for resnet in block.resnets:
        resnet.conv2.weight.zero_()
        resnet.conv2.bias.zero_()


def _widen(old: Any, new: Any, kept: int, latent_channels: int, parts: int) -> None:
    new.weight.zero_()
    new.bias.zero_()
    for channel in range(new.weight.shape[0]):
        new.weight[channel, channel] = 1.0
    for part in range(parts):
        rows = slice(part * latent_channels, part * latent_channels + kept)
        new.weight[rows].zero_()
        new.bias[rows] = old.bias[part * kept : (part + 1) * kept]
        for other in range(parts):
            columns = slice(other * latent_channels, other * latent_channels + kept)
            block = old.weight[part * kept : (part + 1) * kept, other * kept : (other + 1) * kept]
            new.weight[rows, columns] = block
