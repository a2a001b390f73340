"""The recipe of car removal: it learns, and its parts see what the author's saw."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.utils.data import DataLoader

from pipeline.datasets.pairs.composites import CarPairs, Pair
from pipeline.errors import NothingToLearnFrom, ParamsError, PipelineError
from pipeline.networks.discriminators import PatchDiscriminator, UNetDiscriminator
from pipeline.params import parse_params
from pipeline.recipes import car_removal as page
from pipeline.recipes.car_removal import VALIDATION_PAIRS, CarRemovalRecipe
from pipeline.workspace import content_hash
from tests.datasets.small_pairs import write_scene

SIDE = 32
TINY = {
    "pairs.height": SIDE, "pairs.width": SIDE, "pairs.background.sizes": [[64, 48], [40, 32]],
    "pairs.car.sizes": [[16, 12], [24, 18]], "pairs.cache_mb": 1,
    "networks.car_removal.filters": 4, "networks.car_removal.levels": 3,
    "networks.car_removal.discriminator_filters": 4, "networks.car_removal.batch_size": 4,
    "networks.car_removal.pretrained": False, "networks.car_removal.predict_mask": False,
    "networks.car_removal.discriminator": "unet", "networks.car_removal.dropout": 0.0,
    "networks.car_removal.lr_scale": 1.0, "networks.car_removal.discriminator_lr_scale": 1.0,
    "networks.car_removal.weights.perceptual": 0.0, "networks.car_removal.weights.pixel": 200.0,
    "networks.car_removal.weights.adversarial": 1.0, "networks.car_removal.weights.mask": 1.0,
}  # fmt: skip

Make = Callable[..., CarRemovalRecipe]


@pytest.fixture
def make(mini_params: Callable[..., str]) -> Make:
    """A recipe with changes: keys without a section are of networks.car_removal."""

    def recipe(**changes: Any) -> CarRemovalRecipe:
        full = {
            (key if key in ("lr", "seed") else f"networks.car_removal.{key}"): value
            for key, value in changes.items()
        }
        return CarRemovalRecipe(parse_params(mini_params(Path("/"), {**TINY, **full})))

    return recipe


def weights(**changes: float) -> dict[str, float]:
    return {f"weights.{name}": weight for name, weight in changes.items()}


def batch(count: int = 4) -> Pair:
    """Smooth grounds; on x lies a bright square."""
    ramp = torch.linspace(-0.8, 0.2, SIDE)
    truth = torch.stack([ramp.expand(SIDE, SIDE), ramp.flip(0).expand(SIDE, SIDE), ramp[:, None]
                         .expand(SIDE, SIDE)]).expand(count, -1, -1, -1).clone()  # fmt: skip
    mask = torch.zeros(count, 1, SIDE, SIDE)
    for number in range(count):
        mask[number, :, 6 + number : 18 + number, 4 + 3 * number : 16 + 3 * number] = 1
    return Pair(torch.where(mask > 0, torch.tensor(0.9), truth), truth, mask)


def step(recipe: CarRemovalRecipe, optimisers: list[Any], pairs: Pair) -> dict[str, float]:
    """What `AdversarialRecipe.training_step` does, without a trainer."""
    network, discriminator = optimisers
    judged = recipe.discriminator_terms(pairs)
    discriminator.zero_grad()
    sum(judged.values(), torch.zeros(())).backward()
    discriminator.step()
    terms, output = recipe.objective(pairs)
    terms = {**terms, **recipe.fool_terms(pairs, output)}
    network.zero_grad()
    sum(terms.values(), torch.zeros(())).backward()
    network.step()
    return {name: term.item() for name, term in {**terms, **judged}.items()}


@pytest.mark.parametrize(
    ("changes", "tries"),
    [({}, 80), ({"predict_mask": True, "discriminator": "patch"}, 60)],
    ids=["reference", "ours"],
)
def test_overfits_one_batch(make: Make, changes: dict[str, Any], tries: int) -> None:
    recipe = make(lr=0.01, **changes).train()
    optimisers, pairs = recipe.configure_optimizers(), batch()
    torch.manual_seed(0)
    begin, *_, end = (step(recipe, optimisers, pairs) for _ in range(tries))
    unchanged = 200 * (pairs.x - pairs.y).square().mean().item()
    assert begin["pixel"] > unchanged / 2
    assert end["pixel"] < unchanged / 10
    assert all(np.isfinite(list(end.values())))
    if "mask" in end:
        assert end["mask"] < begin["mask"] / 3


def flat(network: nn.Module) -> Tensor:
    return torch.cat([weight.flatten() for weight in network.parameters()])


def test_same_seed_same_start(make: Make) -> None:
    one, same, other = make(seed=1), make(seed=1), make(seed=2)
    for name in ("network", "discriminator"):
        assert torch.equal(flat(getattr(one, name)), flat(getattr(same, name)))
        assert not torch.equal(flat(getattr(one, name)), flat(getattr(other, name)))


def test_a_discriminator_leaves_the_start_of_the_generator_alone(make: Make) -> None:
    one, other = make(discriminator="unet"), make(discriminator="patch")
    assert torch.equal(flat(one.network), flat(other.network))
    assert isinstance(one.discriminator, UNetDiscriminator)
    assert isinstance(other.discriminator, PatchDiscriminator)


def test_the_rates_are_the_base_rate_times_the_scales(make: Make) -> None:
    recipe = make(lr=1e-5, lr_scale=0.1, discriminator_lr_scale=0.1, beta1=0.25)
    groups = [optimiser.param_groups[0] for optimiser in recipe.configure_optimizers()]
    assert [group["lr"] for group in groups] == [1e-6, 1e-7]
    assert {group["betas"] for group in groups} == {(0.25, 0.999)}
    trained = [weight for group in groups for weight in group["params"]]
    assert len(trained) == len(list(recipe.parameters()))


def test_the_network_is_built_again_from_plain_numbers(make: Make) -> None:
    recipe = make(kernels=[3, 1, 2], dropout=0.5, predict_mask=True)
    again = page.build(recipe.architecture)
    again.load_state_dict(recipe.network.state_dict())
    assert recipe.frame == (SIDE, SIDE)


def test_the_terms_are_weighted_and_a_weight_of_zero_leaves_its_term_out(make: Make) -> None:
    pairs = batch()
    one = make(predict_mask=True, **weights(pixel=1.0, mask=1.0)).eval()
    twice = make(predict_mask=True, **weights(pixel=2.0, mask=2.0)).eval()
    for name, term in one.objective(pairs).terms.items():
        assert twice.objective(pairs).terms[name].item() == pytest.approx(2 * term.item())
    assert set(one.objective(pairs).terms) == {"pixel", "mask"}
    assert set(make(predict_mask=True, **weights(mask=0.0)).objective(pairs).terms) == {"pixel"}
    assert set(make(predict_mask=False).objective(pairs).terms) == {"pixel"}
    truth = (one.network(pairs.x).picture - pairs.y).square().mean()
    torch.testing.assert_close(one.objective(pairs).terms["pixel"], truth)


def test_without_adversary_there_is_no_adversarial_step(make: Make) -> None:
    assert make().is_adversarial
    assert not make(**weights(adversarial=0.0)).is_adversarial


def test_nothing_to_minimise_is_refused(make: Make) -> None:
    with pytest.raises(ParamsError, match="adversarial, pixel and perceptual are all 0"):
        make(**weights(adversarial=0.0, pixel=0.0))


def test_the_adversary_alone_trains_and_validation_still_tells_the_pixel_error(make: Make) -> None:
    recipe, pairs = make(predict_mask=True, **weights(pixel=0.0, mask=0.0)), batch()
    assert recipe.train().objective(pairs).terms == {}
    terms, output = recipe.eval().objective(pairs)
    expected = (output.picture - pairs.y).square().mean()
    assert set(terms) == {"pixel"}
    torch.testing.assert_close(terms["pixel"], expected)


def test_a_frame_that_cannot_be_halved_so_often_is_refused(make: Make) -> None:
    with pytest.raises(ParamsError, match=r"car_removal needs .* multiples of 64, got 32×32"):
        make(levels=6)


class Watch(nn.Module):
    """Stands before a network and remembers what went in, and in which mode."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.seen: list[tuple[Tensor, bool]] = []

    def forward(self, x: Tensor) -> Any:
        self.seen.append((x, self.training))
        return self.network(x)


def buffers(network: nn.Module) -> list[Tensor]:
    return [buffer.clone() for buffer in network.buffers()]


def test_the_discriminator_learns_from_truths_and_fakes_of_inference_beside_the_truth(
    make: Make,
) -> None:
    recipe, pairs = make(dropout=0.5).train(), batch()
    recipe.network(pairs.x)  # moves the running means away from their start
    expected = recipe.network.eval()(pairs.x).picture
    recipe.train()
    before = buffers(recipe.network)
    recipe.discriminator = watch = Watch(recipe.discriminator)
    terms = recipe.discriminator_terms(pairs)
    assert set(terms) == {"real", "fake"}
    (real, real_mode), (fake, fake_mode) = watch.seen
    assert real_mode
    assert fake_mode
    assert torch.equal(real, torch.cat([pairs.y, pairs.y], dim=1))
    torch.testing.assert_close(fake, torch.cat([expected, pairs.y], dim=1))
    assert not fake.requires_grad
    assert recipe.network.training
    assert all(torch.equal(*two) for two in zip(before, recipe.network.buffers(), strict=True))


def test_the_discriminator_judges_for_the_generator_in_inference_mode(make: Make) -> None:
    recipe, pairs = make().train(), batch()
    before = buffers(recipe.discriminator)
    recipe.discriminator = watch = Watch(recipe.discriminator)
    output = recipe.objective(pairs).output
    fool = recipe.fool_terms(pairs, output)["adversarial"]
    ((seen, mode),) = watch.seen
    assert not mode
    assert torch.equal(seen, torch.cat([output.picture, pairs.y], dim=1))
    fool.backward()
    assert all(weight.grad is not None for weight in recipe.network.parameters())
    assert watch.training
    after = watch.network.buffers()
    assert all(torch.equal(*two) for two in zip(before, after, strict=True))


def test_looking_in_inference_mode_changes_no_layer_for_good(make: Make) -> None:
    recipe, pairs = make().train(), batch()
    modes = {}
    for layer in recipe.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()  # frozen statistics
        modes[layer] = layer.training
    recipe.discriminator_terms(pairs)
    recipe.fool_terms(pairs, recipe.objective(pairs).output)
    assert {layer: layer.training for layer in recipe.modules()} == modes
    assert len(set(modes.values())) == 2


def test_labels_are_smoothed_as_told(make: Make) -> None:
    pairs = batch()

    def terms(smoothing: float) -> dict[str, Tensor]:
        torch.manual_seed(0)
        return dict(make(label_smoothing=smoothing).eval().discriminator_terms(pairs))

    assert terms(0.0)["real"] != terms(0.2)["real"]
    torch.testing.assert_close(terms(0.0)["real"], terms(1e-7)["real"])


def test_vgg_sees_the_pictures_as_they_are(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen network of the loss, fed with [−1, 1], weighted, and not in the checkpoint."""
    fetched = []
    features = nn.Sequential(nn.Conv2d(3, 2, 3)).requires_grad_(False)

    def vgg(name: str, layer: str, imagenet: Any) -> nn.Module:
        fetched.append((name, layer, imagenet))
        return watch

    watch = Watch(features)
    monkeypatch.setattr(page, "imagenet_state", lambda name: f"weights of {name}")
    monkeypatch.setattr(page, "vgg_features", vgg)
    recipe = make(pretrained=True, **weights(perceptual=100.0)).train()
    pairs = batch()
    assert fetched == [("vgg19", "pool5", "weights of vgg19")]
    terms, output = recipe.objective(pairs)
    seen = [one for one, _ in watch.seen]
    assert any(torch.equal(one, pairs.y) for one in seen)
    assert any(torch.equal(one, output.picture) for one in seen)
    wanted = 100 * (features(output.picture) - features(pairs.y)).square().mean()
    torch.testing.assert_close(terms["perceptual"], wanted)
    checkpoint = {"state_dict": recipe.state_dict()}
    recipe.on_save_checkpoint(checkpoint)
    assert not any("features" in key for key in checkpoint["state_dict"])
    assert any(key.startswith("network.") for key in checkpoint["state_dict"])
    groups = [group for one in recipe.configure_optimizers() for group in one.param_groups]
    trained = {id(weight) for group in groups for weight in group["params"]}
    assert not trained & {id(weight) for weight in features.parameters()}


def test_scores_are_signal_to_noise_of_the_picture_and_inside_the_car(make: Make) -> None:
    recipe, pairs = make(predict_mask=True).eval(), batch(2)
    unchanged = recipe.objective(pairs).output._replace(picture=pairs.x)
    for number, scores in enumerate(recipe.scores(pairs, unchanged)):
        error = (pairs.x - pairs.y)[number].square().numpy()
        inside = error[:, pairs.mask[number, 0].numpy() > 0]
        assert scores["psnr"] == pytest.approx(-10 * np.log10(error.mean() / 4), abs=0.05)
        assert scores["psnr_inside"] == pytest.approx(-10 * np.log10(inside.mean() / 4), abs=0.05)


@torch.no_grad()
def test_previews_are_before_after_and_truth(make: Make) -> None:
    recipe, pairs = make().eval(), batch(3)
    rows = recipe.preview(pairs)
    assert len(rows) == 3
    for number, row in enumerate(rows):
        assert len(row) == len(recipe.columns) == 3
        assert all(one.shape == (SIDE, SIDE, 3) and one.dtype == np.uint8 for one in row)
        for shown, wanted in ((row[0], pairs.x[number]), (row[2], pairs.y[number])):
            levels = (wanted.permute(1, 2, 0).numpy() + 1) * 127.5
            np.testing.assert_allclose(shown, levels, atol=0.51)
    assert not np.array_equal(rows[0][1], rows[0][2])


HEADER = ("part", "kind", "file", "group")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a split of three backgrounds and two cutouts in each part."""
    rows = []
    for part in ("train", "val", "test"):
        for kind, folder in (("cutout", "cutouts"), ("background", "backgrounds")):
            place = tmp_path / "data" / folder / part
            place.mkdir(parents=True)
            files = write_scene(place, cutouts=2, backgrounds=3)
            for file in files.cutouts if kind == "cutout" else files.backgrounds:
                rows.append((part, kind, f"{part}/{file.file.name}", ""))
    write_split(tmp_path, rows)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_split(root: Path, rows: list[tuple[str, ...]]) -> None:
    split = root / CarRemovalRecipe.split
    split.parent.mkdir(parents=True, exist_ok=True)
    with split.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])


def same(one: Pair, other: Pair) -> bool:
    return all(torch.equal(*two) for two in zip(one, other, strict=True))


def test_a_car_cut_out_anew_is_other_data(make: Make, scene: Path) -> None:
    """Its file keeps its name, which is the photo's, and the split says names only."""
    before = content_hash(make().reads())
    assert content_hash(make().reads()) == before
    cutout = next((scene / "data/cutouts/train").glob("*.png"))
    cutout.write_bytes(cutout.read_bytes() + b"\0")
    assert content_hash(make().reads()) != before


def test_validation_pairs_are_many_and_the_same_in_every_training(make: Make, scene: Path) -> None:
    one, other = make(seed=1).datasets(), make(seed=2).datasets()
    assert isinstance(one.train, CarPairs)
    assert one.train.counts_on
    assert len(one.train) == 3
    assert len(one.validation) == VALIDATION_PAIRS
    assert all(same(one.validation[place], other.validation[place]) for place in (0, 1, 7, 47))
    assert not same(one.validation[0], one.validation[3])  # one background, another car
    assert not same(one.train[0], other.train[0])
    assert not same(one.train[0], one.train[3])  # the next epoch


def test_without_any_scene_there_is_nothing_to_learn(make: Make, scene: Path) -> None:
    write_split(scene, [])
    with pytest.raises(NothingToLearnFrom, match="there is no cutout"):
        make().datasets()
    write_split(scene, [("train", "cutout", "a.png", ""), ("val", "background", "b.png", "")])
    with pytest.raises(PipelineError, match="no background of the part train") as problem:
        make().datasets()
    assert not isinstance(problem.value, NothingToLearnFrom)


class Rows(Callback):
    """Keeps what was logged in each epoch."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.rows.append({key: float(value) for key, value in trainer.callback_metrics.items()})


SCORES = {"val_loss", "val_psnr", "val_psnr_inside", "train_loss"}
JUDGED = {"train_discriminator_loss", "train_real", "train_fake"}


@pytest.mark.parametrize(
    ("changes", "logged", "learns"),
    [
        ({}, SCORES | JUDGED | {"train_pixel", "train_adversarial"}, True),
        (weights(pixel=0.0), SCORES | JUDGED, True),
        (weights(adversarial=0.0), SCORES, False),
    ],
    ids=["reference", "no pixel loss", "no adversary"],
)
@pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*LeafSpec")
def test_lightning_trains_it(
    make: Make, scene: Path, changes: dict[str, float], logged: set[str], learns: bool
) -> None:
    recipe, rows = make(**changes), Rows()
    start = flat(recipe.network).clone(), flat(recipe.discriminator).clone()
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
        callbacks=[rows],
    )  # fmt: skip
    data = recipe.datasets()
    trainer.fit(
        recipe,
        DataLoader(data.train, batch_size=3),  # type: ignore[arg-type]
        DataLoader(data.validation, batch_size=16),  # type: ignore[arg-type]
    )
    assert len(rows.rows) == 2
    assert logged <= set(rows.rows[-1])
    assert all(np.isfinite(list(row.values())).all() for row in rows.rows)
    assert not torch.equal(flat(recipe.network), start[0])
    assert torch.equal(flat(recipe.discriminator), start[1]) != learns
    assert all(weight.requires_grad for weight in recipe.parameters())
