"""Noise while a diffusion network learns: how much of it, and what the network is to predict."""

from __future__ import annotations

import torch


def diffused(picture: torch.Tensor, noise: torch.Tensor, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The noisy latents, and the velocity to predict (Salimans & Ho 2022, §4); `signal` [batch] is alpha squared."""
    alpha, sigma = signal.sqrt()[:, None, None, None], (1 - signal).sqrt()[:, None, None, None]
    return alpha * picture + sigma * noise, alpha * noise - sigma * picture


def importance(timesteps: int, focus: float, spread: float, least: float) -> torch.Tensor:
    """The cumulative distribution [timesteps] by which timesteps are drawn: a bell around `focus` on a floor.

    Uniform timesteps spend much on the last details, min-SNR weights (Hang et al. 2023) nearly all; with few samples
    to learn from, shapes come first.
    """
    at = torch.arange(timesteps, dtype=torch.float32)
    density = least + torch.exp(-(((at - focus) / spread) ** 2))
    return density.cumsum(0) / density.sum()
