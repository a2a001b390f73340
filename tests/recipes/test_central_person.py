"""The recipe of the central person, trained by Lightning on a few pictures on disk."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.datasets.central.pictures import Batch, CentralPersons, collate
from pipeline.datasets.central.selection import SplitRow
from pipeline.errors import ParamsError, PipelineError
from pipeline.images import write_png
from pipeline.networks.build import build
from pipeline.params import parse_params
from pipeline.recipes import central_person
from pipeline.recipes.central_person import CentralPersonRecipe, share_of_rate
from pipeline.sections.networks import CentralPersonSection
from pipeline.training.callbacks import SeedEachEpoch

SMALL = {
    "body": "resnet18", "width": 32, "hidden": 16, "regions": 16, "min_size": 64, "max_size": 96,
    "batch_size": 2, "epochs": 2, "flip": 0.5, "checkpoint": "data/nothing",
}  # fmt: skip
PARTS = {"train": 4, "val": 2}

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*LeafSpec", "ignore:Checkpoint directory",
    "ignore:The number of training batches",
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the outputs of coco_split and coco_pictures: bright blobs on noise."""
    root = tmp_path_factory.mktemp("world")
    for folder in ("data/coco_split/masks", "data/web/coco", "coco/images"):
        (root / folder).mkdir(parents=True)
    (root / "data/web/coco/rejects.csv").write_text("file,reason\n")
    rows = [SplitRow._fields]
    numbers = iter(range(1, 100))
    for part, count in PARTS.items():
        for _, number in zip(range(count), numbers, strict=False):
            name = f"{number:012d}.png"
            picture, mask = blob(np.random.default_rng(number))
            write_png(root / "coco/images" / name, picture)
            write_png(root / "data/coco_split/masks" / name, mask)
            height, width = mask.shape
            rows.append((part, number, 1, 1.0, 0.5, width, height, name, "", "", f"masks/{name}"))  # type: ignore[arg-type]
    with (root / "data/coco_split/split.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return root


def blob(rng: np.random.Generator) -> tuple[Any, Any]:
    height, width = rng.integers(64, 97, 2)
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    mask = (down / rng.uniform(0.7, 0.9)) ** 2 + (across / rng.uniform(0.6, 0.9)) ** 2 < 1
    picture = rng.integers(0, 90, (height, width, 3))
    picture[mask] += rng.integers(90, 160, 3)
    return picture.astype(np.uint8), mask.astype(np.uint8) * 255


@pytest.fixture(scope="module")
def in_world(world: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        yield world


@pytest.fixture(scope="module")
def make(in_world: Path, mini_params: Callable[..., str]) -> Callable[..., CentralPersonRecipe]:
    def make(changes: Mapping[str, Any] | None = None, **network: Any) -> CentralPersonRecipe:
        mine = {f"networks.central_person.{key}": one for key, one in {**SMALL, **network}.items()}
        text = mini_params(in_world, {**mine, **(changes or {})})
        return CentralPersonRecipe(parse_params(text))

    return make


@pytest.fixture(scope="module")
def fresh(make: Callable[..., CentralPersonRecipe]) -> CentralPersonRecipe:
    """In evaluation mode; not to be changed."""
    return make().eval()


def batch(count: int = 2) -> Batch:
    persons = CentralPersons(
        central_person.read_central_pictures(
            CentralPersonRecipe.split, Path("coco/images"), "train", central_person.REJECTS
        )
    )
    return collate([persons[place] for place in range(count)])


def state(module: nn.Module) -> Tensor:
    return torch.cat([value.flatten().double() for value in module.state_dict().values()])


class Steps:
    """The same batches every epoch."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches)


def fit(
    module: CentralPersonRecipe, epochs: int, train: Steps, folder: Path, resume: Path | None = None
) -> lightning.Trainer:
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0,
        callbacks=[
            SeedEachEpoch(1),
            ModelCheckpoint(folder, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True),
        ],
    )  # fmt: skip
    validation = DataLoader(module.datasets().validation, 2, collate_fn=collate)  # type: ignore[var-annotated, arg-type]
    module.train()  # Lightning leaves the mode as it is
    trainer.fit(module, train, validation, ckpt_path=resume, weights_only=True)
    return trainer


def test_both_parts_are_those_of_the_split(make: Callable[..., CentralPersonRecipe]) -> None:
    train, validation = make(flip=0.25).datasets()
    assert (len(train), len(validation)) == (4, 2)
    assert isinstance(train, CentralPersons)
    assert isinstance(validation, CentralPersons)
    assert (train.flip, validation.flip) == (0.25, 0.0)
    assert [row.name for row in validation.pictures] == ["5", "6"]


def test_same_seed_same_start(
    make: Callable[..., CentralPersonRecipe], fresh: CentralPersonRecipe
) -> None:
    start = state(fresh)
    torch.rand(3)
    assert torch.equal(state(make()), start)
    assert not torch.equal(state(make({"seed": 2})), start)


def test_the_card_makes_the_network_again(fresh: CentralPersonRecipe) -> None:
    again = build(json.loads(json.dumps(fresh.architecture)))
    again.load_state_dict(fresh.network.state_dict())
    assert fresh.frame == (64, 96)
    assert fresh.architecture["norm"] == "group"
    assert fresh.architecture["largest_anchor"] == 64.0


def test_the_rate_is_the_base_rate_times_the_scale(
    make: Callable[..., CentralPersonRecipe],
) -> None:
    assert make({"lr": 1e-4}, lr_scale=50.0).lr == 0.005


@pytest.fixture(scope="module")
def settings(mini_params: Callable[..., str]) -> CentralPersonSection:
    stairs = {"networks.central_person.step": {"epochs": 3, "factor": 0.1}}
    return parse_params(mini_params(Path("/"), stairs)).networks.central_person


def test_the_rate_warms_up_over_the_first_epoch_and_then_goes_down_stairs(
    settings: CentralPersonSection,
) -> None:
    share = share_of_rate(settings, steps_per_epoch=11)
    assert share(0) == pytest.approx(0.001)
    assert share(5) == pytest.approx(0.5005)
    assert share(10) == share(11) == share(32) == 1.0
    assert share(33) == share(65) == pytest.approx(0.1)
    assert share(66) == pytest.approx(0.01)


def test_the_warm_up_is_that_of_torchvisions_references(settings: CentralPersonSection) -> None:
    weight = nn.Parameter(torch.zeros(1))
    theirs = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.LinearLR(theirs, start_factor=0.001, total_iters=1000)
    share = share_of_rate(settings, steps_per_epoch=1879)  # 9 of 10 of 2088
    for step in range(1200):
        assert share(step) == pytest.approx(theirs.param_groups[0]["lr"])
        theirs.step()
        schedule.step()


def test_an_epoch_of_one_step_has_no_warm_up(settings: CentralPersonSection) -> None:
    assert share_of_rate(settings, steps_per_epoch=1)(0) == 1.0


def test_it_overfits_one_batch(make: Callable[..., CentralPersonRecipe], tmp_path: Path) -> None:
    module = make({"lr": 0.001}, lr_scale=20.0, step={"epochs": 9, "factor": 0.1})
    one = batch()
    module.eval()
    with torch.no_grad():
        before = sum(float(term) for term in module.objective(one).terms.values())
    fit(module, 2, Steps([one] * 25), tmp_path)
    module.eval()
    with torch.no_grad():
        terms, found = module.objective(one)
    assert sum(float(term) for term in terms.values()) < before / 2
    assert min(score["jaccard"] for score in module.scores(one, found)) > 0.8


class TwoEpochs(NamedTuple):
    """A training of two epochs; the folder holds a checkpoint of each."""

    module: CentralPersonRecipe
    trainer: lightning.Trainer
    batches: Steps
    folder: Path


@pytest.fixture(scope="module")
def two_epochs(
    make: Callable[..., CentralPersonRecipe], tmp_path_factory: pytest.TempPathFactory
) -> TwoEpochs:
    module, folder = make(), tmp_path_factory.mktemp("epochs")
    batches = Steps([batch(), batch(3)])
    return TwoEpochs(module, fit(module, 2, batches, folder), batches, folder)


def test_a_resumed_training_is_the_same(
    make: Callable[..., CentralPersonRecipe], fresh: CentralPersonRecipe, two_epochs: TwoEpochs
) -> None:
    module, trainer, batches, folder = two_epochs
    again = make()
    second = fit(again, 2, batches, folder, folder / "epoch=0.ckpt")
    assert torch.equal(state(again.network), state(module.network))
    assert again.per_picture == module.per_picture
    rates = [one.optimizers[0].param_groups[0]["lr"] for one in (trainer, second)]
    assert rates[0] == rates[1]
    assert not torch.equal(state(module.network), state(fresh.network))


def test_the_rate_moves_with_every_step(two_epochs: TwoEpochs) -> None:
    (config,) = two_epochs.trainer.lr_scheduler_configs
    assert config.interval == "step"
    assert config.scheduler.last_epoch == 2 * len(two_epochs.batches)


def test_the_iou_of_every_picture_and_epoch_is_kept(two_epochs: TwoEpochs) -> None:
    rows = two_epochs.module.per_picture
    assert [(row["epoch"], row["image_id"]) for row in rows] == [(1, 5), (1, 6), (2, 5), (2, 6)]
    assert all(0 <= row["iou"] <= 1 for row in rows)
    mean = sum(row["iou"] for row in rows[2:]) / 2
    assert float(two_epochs.trainer.callback_metrics["val_jaccard"]) == pytest.approx(mean)
    assert two_epochs.module.monitor.score == "val_jaccard"
    assert two_epochs.module.monitor.mode == "max"


def test_the_validation_loss_depends_on_the_weights_alone(fresh: CentralPersonRecipe) -> None:
    module, one = fresh, batch()
    before = state(module)

    def loss() -> float:
        return sum(float(term) for term in module.objective(one).terms.values())

    with torch.no_grad():
        torch.manual_seed(1)
        first, drawn = loss(), torch.rand(1)
        torch.manual_seed(2)
        torch.rand(7)
        assert loss() == first
        torch.manual_seed(1)
        assert torch.equal(torch.rand(1), drawn), "the draws of training go on undisturbed"
        assert torch.equal(state(module), before)
    assert math.isfinite(first)


def test_scores_are_ious_at_the_pictures_own_size(fresh: CentralPersonRecipe) -> None:
    module, one = fresh, batch()
    whole = [target["masks"][None].float() for target in one.targets]
    empty = [mask[:0] for mask in whole]
    half = [mask.clone() for mask in whole]
    for mask in half:
        mask[..., : mask.shape[-1] // 2] = 0

    def ious(masks: list[Tensor]) -> list[float]:
        found = [
            central_person.Person(torch.zeros(len(m), 4), torch.ones(len(m)), m) for m in masks
        ]
        return [score["jaccard"] for score in module.scores(one, found)]

    assert ious(whole) == [1.0, 1.0]
    assert ious(empty) == [0.0, 0.0]
    assert ious(half) == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_preview_shows_a_row_of_pictures_for_each_sample(fresh: CentralPersonRecipe) -> None:
    module, one = fresh, batch(3)
    with torch.no_grad():
        rows = module.preview(one)
    assert len(rows) == 3
    for row, picture in zip(rows, one.pictures, strict=True):
        assert len(row) == len(module.columns)
        assert {shown.dtype for shown in row} == {np.dtype(np.uint8)}
        assert {shown.shape for shown in row} == {(*picture.shape[1:], 3)}
        assert np.array_equal(row[0], (picture * 255).round().byte().permute(1, 2, 0).numpy())
        assert not np.array_equal(row[2], row[0])


def test_it_learns_in_bf16(make: Callable[..., CentralPersonRecipe]) -> None:
    module, one = make().train(), batch()
    torch.manual_seed(0)
    exact = module.objective(one).terms
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        terms = module.objective(one).terms
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        found = module.eval().network(one.pictures)
    assert len(found) == 2
    for name, term in terms.items():
        assert float(term.detach()) == pytest.approx(
            float(exact[name].detach()), rel=0.05, abs=0.02
        )
    assert all(one.grad is not None and one.grad.isfinite().all() for one in module.parameters())


def save(folder: Path, network: nn.Module, architecture: dict[str, Any]) -> str:
    """As stage `train` does; the folder, as a checkpoint is named."""
    state = network.state_dict()
    card = Card("some", architecture, (32, 32), {}, "", "", state_hash(state), 1, {})
    save_weights(folder / "best.pt", state, card)
    return str(folder)


@pytest.mark.parametrize(("norm", "afterwards"), [("group", "group"), ("batch", "frozen")])
def test_frozen_goes_on_with_a_mask_rcnn_and_trains_the_predictors_alone(
    make: Callable[..., CentralPersonRecipe],
    fresh: CentralPersonRecipe,
    tmp_path: Path,
    norm: str,
    afterwards: str,
) -> None:
    torch.manual_seed(3)
    numbers = {**fresh.architecture, "norm": norm, "largest_anchor": 48.0, "grouped": False}
    theirs = build(numbers)
    module = make(frozen=True, checkpoint=save(tmp_path, theirs, numbers))
    kept = {**numbers, "norm": afterwards, "frozen": True}
    assert module.architecture == kept
    state = theirs.state_dict()
    assert all(
        torch.equal(value, state[name]) for name, value in module.network.state_dict().items()
    )
    assert sum(one.numel() for one in module.parameters() if one.requires_grad) == (
        128 * 2 + 2 + 128 * 8 + 8 + 32 * 16 * 4 + 16 + 16 * 2 + 2
    )


def test_what_is_random_must_not_be_frozen(
    make: Callable[..., CentralPersonRecipe], tmp_path: Path
) -> None:
    with pytest.raises(ParamsError, match="frozen: what is random cannot learn"):
        make(frozen=True, pretrained=True, body="resnet18")
    numbers = {
        "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 0,
    }  # fmt: skip
    with pytest.raises(PipelineError, match="holds no Mask R-CNN: name one"):
        make(frozen=True, checkpoint=save(tmp_path, build(numbers), numbers))


def test_the_reference_asks_for_torchvisions_mask_rcnn(
    make: Callable[..., CentralPersonRecipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    def published(model: str, weights: str, otherwise: str) -> dict[str, Tensor]:
        raise PipelineError(f"{model} {weights}; {otherwise}")

    monkeypatch.setattr(central_person, "pretrained_state", published)
    with pytest.raises(
        PipelineError,
        match="maskrcnn_resnet50_fpn COCO_V1; set pretrained: false and frozen: false",
    ):
        make(body="resnet50", width=256, frozen=True, pretrained=True)


def test_published_weights_have_one_width(make: Callable[..., CentralPersonRecipe]) -> None:
    with pytest.raises(ParamsError, match="published weights of Mask R-CNN on resnet50 have 256"):
        make(body="resnet50", width=64, pretrained=True)


def test_a_body_can_come_from_a_person_network(
    make: Callable[..., CentralPersonRecipe], tmp_path: Path
) -> None:
    numbers = {
        "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 0,
    }  # fmt: skip
    torch.manual_seed(7)
    network = build(numbers)
    theirs = network.state_dict()
    module = make(checkpoint=save(tmp_path, network, numbers))
    ours = module.network.state_dict()
    assert module.architecture["norm"] == "batch"
    for mine, other in {
        "conv1": "stem.0", "bn1": "stem.1", "layer1.0.conv1": "conv2_first.0.conv1",
        "layer1.1.bn2": "conv2_first.1.bn2", "layer2.1.conv2": "conv3.1.conv2",
        "layer3.0.downsample.0": "conv4.0.downsample.0",
    }.items():  # fmt: skip
        name = f"backbone.body.{mine}.weight"
        assert torch.equal(ours[name], theirs[f"encoder.{other}.weight"])
