"""In which order samples are seen: by seed and epoch alone, so that it survives a resume."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler


class EpochOrder(Sampler[int]):
    """Random order of the samples of an epoch, or this process's share of it.

    Args:
        length: Number of samples.
        seed: Of the order.
        epoch: The first epoch; Lightning sets the later ones.
        rank: Number of this process.
        world: Number of processes; sample k of the order goes to process k modulo `world`.
        counts_on: Whether indices count on over the epochs: epoch × length is added.
    """

    def __init__(
        self,
        length: int,
        seed: int,
        epoch: int = 0,
        *,
        rank: int = 0,
        world: int = 1,
        counts_on: bool = False,
    ) -> None:
        self.length, self.seed, self.epoch = length, seed, epoch
        self.rank, self.world, self.counts_on = rank, world, counts_on

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch; Lightning does, also after a resume."""
        self.epoch = epoch

    def __len__(self) -> int:
        """The same in every process: what is left over by the division is left out."""
        return self.length // self.world

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.length, generator=generator).tolist()
        begin = self.epoch * self.length if self.counts_on else 0
        for index in order[self.rank : len(self) * self.world : self.world]:
            yield begin + index
