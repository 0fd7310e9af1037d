"""The samplers, on a distribution whose way from noise to picture is known."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from app.engines.image.sampler import CLEAN, Level, denoise, levels
from app.training.image import networks

SPREAD = 0.3  # standard deviation of the data, a Gaussian around 0


def true_velocity(latents: torch.Tensor, timestep: int) -> torch.Tensor:
    """What a perfect model of that Gaussian predicts."""
    power = float(networks.noise_schedule().alphas_cumprod[timestep])
    alpha, sigma = power**0.5, (1 - power) ** 0.5
    variance = alpha**2 * SPREAD**2 + sigma**2
    return latents * (alpha * sigma * (1 - SPREAD**2)) / variance


def missed(steps: int, *, multistep: bool, short: int = 0) -> float:
    """How far from the exact solution it is `short` steps before the end, as a share of it."""
    way = levels(networks.noise_schedule(), steps)
    passed = [float(latents) for latents, _clean in denoise(torch.ones(1), way, true_velocity, multistep=multistep)]
    there = way[-1 - short]
    return abs(passed[-1 - short] / math.hypot(there.alpha * SPREAD, there.sigma) - 1)


@pytest.mark.parametrize("multistep", [False, True])
def test_more_steps_come_nearer_to_the_truth(multistep: bool) -> None:
    errors = [missed(steps, multistep=multistep) for steps in (4, 25, 100)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


@pytest.mark.parametrize("steps", [8, 12, 20])
def test_until_its_last_step_the_multistep_solver_is_nearer_with_as_many_steps(steps: int) -> None:
    plain, better = (missed(steps, multistep=multistep, short=1) for multistep in (False, True))
    assert better < 0.5 * plain


def test_the_way_goes_from_pure_noise_to_the_picture() -> None:
    way = levels(networks.noise_schedule(), 4)
    assert [level.timestep for level in way] == [999, 749, 499, 249, 0]
    assert (way[0].alpha, way[0].sigma, way[-1]) == (0.0, 1.0, CLEAN)
    assert way[0].log_snr == -math.inf
    assert way[-1].log_snr == math.inf
    assert Level(5, 0.6, 0.8).log_snr == pytest.approx(math.log(0.75))
    assert all(before.log_snr < after.log_snr for before, after in pairwise(way))
