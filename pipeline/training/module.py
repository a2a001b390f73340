"""What a recipe is to the engine: a network, its data, its objective, and how it is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, cast

import lightning.pytorch as lightning
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import default_collate

from pipeline.errors import PipelineError
from pipeline.images import RGB

Terms = Mapping[str, Tensor]
"""Named, weighted terms of an objective, each a scalar; their sum is minimised."""

FROZEN = "features."
"""Where a recipe keeps a frozen network of its loss: left out of its checkpoints."""


class SizedDataset(Protocol):
    """A dataset of known length.

    One with `counts_on = True` gets indices that count on over the epochs: those of epoch k begin
    at k × len.
    """

    def __len__(self) -> int:
        """How many samples there are."""
        ...

    def __getitem__(self, index: int) -> Any:
        """One sample."""
        ...


class Datasets(NamedTuple):
    """Training and validation part."""

    train: SizedDataset
    validation: SizedDataset


class Objective(NamedTuple):
    """What the network makes of a batch."""

    terms: Terms
    output: Any


class Monitor(NamedTuple):
    """The score by which the best epoch is selected."""

    score: str = "val_loss"
    mode: Literal["min", "max"] = "min"


class NonFiniteLoss(PipelineError):
    """A loss that is not a number, after which nothing can be learnt."""

    def __init__(self, network: str, epoch: int, step: int, terms: Terms) -> None:
        values = ", ".join(f"{name} {term.item():g}" for name, term in terms.items())
        super().__init__(
            f"{network}: the loss is not finite in epoch {epoch}, step {step} ({values}); "
            "lower lr, set training.clip, or take precision 32-true"
        )


class Recipe(ABC, lightning.LightningModule):
    """One trained network: its page in `pipeline.recipes` fills this in.

    Attributes:
        name: As in `params.networks`.
        uses: Keys of params.yaml that it depends on, beside seed, lr, training and its own section.
        monitor: Selects the best epoch.
        columns: Titles over the pictures of `preview`.
        network: What is trained, saved and served.
        architecture: What `networks.build` needs to make the network again.
        frame: Height and width in pixels that the network is trained at.
        split: The table whose hash says what data it was.
        lr: Learning rate of the network.
        per_picture: Validation scores by picture and epoch, where a recipe keeps them.
    """

    name: ClassVar[str]
    uses: ClassVar[Sequence[str]]
    monitor: ClassVar[Monitor] = Monitor()
    columns: ClassVar[Sequence[str]] = ("before", "after", "truth")

    network: nn.Module
    architecture: dict[str, Any]
    frame: tuple[int, int]
    split: Path
    lr: float
    per_picture: Sequence[Mapping[str, Any]] = ()

    @abstractmethod
    def __init__(self, params: Any) -> None:
        """Build the network from `pipeline.params.Params`, which stands on a floor above."""
        super().__init__()
        self.strict_loading = False  # frozen features are not in a checkpoint

    @staticmethod
    def collate(samples: list[Any]) -> Any:
        """Make a batch of samples."""
        return default_collate(samples)

    @abstractmethod
    def datasets(self) -> Datasets:
        """Open both parts.

        Raises:
            NothingToLearnFrom: There are no data at all for this network.
            PipelineError: A part is empty or damaged.
        """

    def reads(self) -> Iterable[Path]:
        """Files and folders of `datasets` beside `split` whose content the split does not tell."""
        return ()

    @abstractmethod
    def objective(self, batch: Any) -> Objective:
        """The terms that are minimised (in training mode) or reported (in validation)."""

    @abstractmethod
    def preview(self, batch: Any) -> list[list[RGB]]:
        """For each sample of a validation batch a row of pictures, one under each of `columns`."""

    def scores(self, batch: Any, output: Any) -> Sequence[Mapping[str, float]]:
        """Validation scores beside the loss, one mapping a sample; logged as `val_<name>`."""
        return ()

    def training_step(self, batch: Any, batch_idx: int) -> Tensor | None:
        return self.log_terms("train", self.objective(batch).terms, batch)

    def on_validation_start(self) -> None:
        """Every process judges with the running statistics of the first: each has moved its own."""
        if self.trainer.world_size > 1:
            for buffer in self.buffers():
                torch.distributed.broadcast(buffer, src=0)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        terms, output = self.objective(batch)
        self.log_terms("val", terms, batch)
        for scores in self.scores(batch, output):
            self.log_dict({f"val_{name}": value for name, value in scores.items()}, batch_size=1)

    def log_terms(self, part: str, terms: Terms, batch: Any, total: str = "loss") -> Tensor:
        """Log every term and their sum, and give the sum.

        Args:
            part: train or val.
            terms: At least one.
            batch: Says how many samples the means are of.
            total: Name of the sum.

        Raises:
            NonFiniteLoss: The sum is not finite.
        """
        loss = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(loss):
            raise NonFiniteLoss(self.name, self.current_epoch + 1, self.global_step + 1, terms)
        shown = {f"{part}_{total}": loss.detach()}
        if len(terms) > 1:
            shown |= {f"{part}_{name}": term.detach() for name, term in terms.items()}
        self.log_dict(
            shown, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch[0]),
            sync_dist=part == "train",
        )  # fmt: skip
        return loss

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        state = checkpoint["state_dict"]
        checkpoint["state_dict"] = {
            key: tensor for key, tensor in state.items() if not key.startswith(FROZEN)
        }


class AdversarialRecipe(Recipe):
    """A network that is also trained against a discriminator, one step each a batch.

    Attributes:
        discriminator: Trained beside the network, not served.
        discriminator_first: Which of the two steps first.
        accumulate: Batches per optimiser step.
        clip: Largest norm of a step's gradients; 0 leaves them.
    """

    discriminator: nn.Module
    discriminator_first: ClassVar[bool] = True
    accumulate: int = 1
    clip: float = 0.0

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.automatic_optimization = False

    @abstractmethod
    def fool_terms(self, batch: Any, output: Any) -> Terms:
        """Terms that reward an output which the discriminator takes for real."""

    @abstractmethod
    def discriminator_terms(self, batch: Any) -> Terms:
        """Terms of the discriminator, on real pictures and on fakes without gradient."""

    @property
    def is_adversarial(self) -> bool:
        """Whether the discriminator has a say; without it, it is not trained either."""
        return True

    def training_step(self, batch: Any, batch_idx: int) -> None:
        network, discriminator = cast(list[LightningOptimizer], self.optimizers())
        steps = [(discriminator, self._discriminator_loss), (network, self._network_loss)]
        if not self.discriminator_first:
            steps.reverse()
        for optimiser, loss in steps:
            if optimiser is discriminator and not self.is_adversarial:
                continue
            self.toggle_optimizer(optimiser)
            self.manual_backward(loss(batch) / self.accumulate)
            if (batch_idx + 1) % self.accumulate == 0 or self.trainer.is_last_batch:
                optimiser.step()
                optimiser.zero_grad()
            self.untoggle_optimizer(optimiser)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Here the gradients of half precision are no longer scaled."""
        if self.clip:
            self.clip_gradients(optimizer, self.clip, "norm")

    def _network_loss(self, batch: Any) -> Tensor:
        terms, output = self.objective(batch)
        fool = self.fool_terms(batch, output) if self.is_adversarial else {}
        return self.log_terms("train", {**terms, **fool}, batch)

    def _discriminator_loss(self, batch: Any) -> Tensor:
        return self.log_terms("train", self.discriminator_terms(batch), batch, "discriminator_loss")
