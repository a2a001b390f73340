"""LPIPS with random weights: as torchmetrics has it, but with weights that we load."""

from __future__ import annotations

import hashlib
import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torchmetrics.functional.image import learned_perceptual_image_patch_similarity
from torchvision.models import get_model, get_model_weights

from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.metrics import perceptual
from pipeline.metrics.perceptual import BACKBONES, Net, PerceptualDistance
from pipeline.pretrained import pretrained_state
from tests.sources.loopback import Loopback, serving

State = dict[str, Tensor]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps what it has fetched: empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(5)
    return dict(get_model("squeezenet1_1").state_dict())


@pytest.fixture(scope="module")
def lpips(state: State) -> PerceptualDistance:
    return PerceptualDistance("squeeze", state)


def picture(height: int = 48, width: int = 64) -> RGB:
    rows, columns = np.mgrid[:height, :width]
    waves = 128 + 90 * np.sin(rows / 5)[..., None] * np.cos(columns[..., None] / (3, 5, 8))
    return waves.astype(np.uint8)


def noisy(truth: RGB, noise: int) -> RGB:
    levels = truth + np.random.default_rng(0).integers(-noise, noise + 1, truth.shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def of_torchmetrics(net: Net, ours: RGB, truth: RGB) -> float:
    levels = [
        torch.from_numpy(one / 127.5 - 1).float().permute(2, 0, 1)[None] for one in (ours, truth)
    ]
    return float(learned_perceptual_image_patch_similarity(*levels, net_type=net))


def content(state: State) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


def test_equal_pictures_are_at_no_distance(lpips: PerceptualDistance) -> None:
    assert lpips.distance(picture(), picture()) == 0


def test_the_distance_grows_with_noise(lpips: PerceptualDistance) -> None:
    truth = picture()
    distances = [lpips.distance(noisy(truth, noise), truth) for noise in (0, 4, 16, 64)]
    assert distances == sorted(distances)
    assert 0 == distances[0] < distances[1]


def test_the_distance_is_the_same_in_both_directions(lpips: PerceptualDistance) -> None:
    ours, truth = noisy(picture(), 40), picture()
    assert lpips.distance(ours, truth) == pytest.approx(lpips.distance(truth, ours), rel=1e-5)


@pytest.mark.parametrize("net", ["squeeze", "alex"])  # a file of vgg16 has half a gigabyte
def test_distances_are_those_of_torchmetrics_with_the_same_weights(net: Net, cache: Path) -> None:
    torch.manual_seed(1)
    name = BACKBONES[net].name
    state = get_model(name).state_dict()
    address = get_model_weights(name)["IMAGENET1K_V1"].url
    cache.mkdir(parents=True)
    torch.save(state, cache / address.rpartition("/")[2])  # where torchmetrics looks for them
    lpips = PerceptualDistance(net, state)
    ours, truth = noisy(picture(), 30), picture()
    expected = of_torchmetrics(net, ours, truth)
    assert expected > 0
    assert lpips.distance(ours, truth) == pytest.approx(expected, rel=1e-5)


def test_weights_are_fetched_once_and_then_need_no_server(
    state: State, cache: Path, monkeypatch: pytest.MonkeyPatch, lpips: PerceptualDistance
) -> None:
    file = content(state)
    name = f"squeezenet1_1-{hashlib.sha256(file).hexdigest()[:8]}.pth"
    server = Loopback()
    server.files[f"/{name}"] = file
    ours, truth = noisy(picture(), 30), picture()
    with serving(server):
        fetch = partial(pretrained_state, url=f"{server.url}/{name}")
        monkeypatch.setattr(perceptual, "pretrained_state", fetch)
        fetched = PerceptualDistance("squeeze").distance(ours, truth)
    again = PerceptualDistance("squeeze").distance(ours, truth)
    assert server.asked == [(f"/{name}", "")]
    assert [one.name for one in cache.iterdir()] == [name]
    assert fetched == again == lpips.distance(ours, truth)


def test_weights_that_cannot_be_had_cost_one_line_that_says_what_to_do(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = "http://127.0.0.1:9/alexnet-00000000.pth"
    monkeypatch.setattr(perceptual, "pretrained_state", partial(pretrained_state, url=gone))
    with pytest.raises(PipelineError) as raised:
        PerceptualDistance()
    text = str(raised.value)
    assert text.startswith(f"pretrained weights of alexnet could not be fetched from {gone}")
    assert text.endswith("or set evaluate.lpips: none")
    assert len(text.splitlines()) == 1


def test_weights_of_another_network_are_refused(state: State) -> None:
    with pytest.raises(ValueError, match="no weights of alexnet"):
        PerceptualDistance("alex", state)
    with pytest.raises(ValueError, match=r"no weights of vgg16: 'features\.0\.weight'"):
        PerceptualDistance("vgg", {})
    with pytest.raises(ValueError, match="no LPIPS on resnet50, but on alex, squeeze, vgg"):
        PerceptualDistance("resnet50")  # type: ignore[arg-type]


@pytest.mark.parametrize("net", list(BACKBONES))
def test_the_smallest_picture_is_measured_and_a_smaller_one_refused(net: Net) -> None:
    name, smallest = BACKBONES[net]
    features = get_model(name, **({"init_weights": False} if net == "vgg" else {})).features
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    lpips = PerceptualDistance(net, state)
    enough = picture(smallest, smallest + 9)
    assert lpips.distance(enough, noisy(enough, 90)) > 0
    text = f"{name} needs {smallest}×{smallest} pixels or more, got {smallest - 1}×40; enlarge both"
    too_small = picture(smallest - 1, 40)
    with pytest.raises(ValueError, match=text):
        lpips.distance(too_small, too_small)


def test_what_are_no_two_pictures_of_one_size_is_refused(lpips: PerceptualDistance) -> None:
    truth = picture()
    with pytest.raises(ValueError, match=r"\(48, 64, 3\) and \(64, 48, 3\)"):
        lpips.distance(truth, truth.transpose(1, 0, 2))
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got float64 \(48, 64, 3\)"):
        lpips.distance(truth / 255, truth / 255)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got uint8 \(48, 64\)"):
        lpips.distance(truth[..., 0], truth[..., 0])
