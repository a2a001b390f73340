"""params.yaml: what is a number, what is refused, and that the refusal names the key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.errors import MissingFolder, ParamsError, UsageError
from pipeline.params import Params, flatten, learning_rate, load_params, parse_params
from pipeline.presets import PRESETS, preset_text
from pipeline.sections.base import NOTHING

DEMO = preset_text("demo")
ROOTS = {"demo": "data/demo", "web": "data/web"}


def demo_with(key: str, line: str) -> str:
    """The demo's parameters with another line, or none, where that key (`section.key`) stands."""
    section, _, key = key.rpartition(".")
    begin = re.search(rf"(?m)^ *{section}:", DEMO) if section else None
    place = begin.end() if begin else 0
    text, found = re.subn(
        rf"(?m)^( *){key}:.*\n",
        lambda at: f"{at[1]}{line}\n" if line else "",
        DEMO[place:],
        count=1,
    )
    assert found == 1
    return DEMO[:place] + text


def refusal(text: str) -> str:
    """What a user is told, without the name of the file."""
    with pytest.raises(ParamsError) as raised:
        parse_params(text)
    assert len(str(raised.value).splitlines()) == 1
    assert raised.value.exit_code == 2
    return str(raised.value).removeprefix("params.yaml: ")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid(name: str, tmp_path: Path) -> None:
    params = parse_params(preset_text(name, None if name in ROOTS else tmp_path))
    assert params.uses_demo == (name == "demo")
    assert params.root == ROOTS.get(name, str(tmp_path))


def test_the_preset_photos_finds_the_folders_that_are_there(tmp_path: Path) -> None:
    for folder in ("people", "cars/images", "video"):
        (tmp_path / folder).mkdir(parents=True)
    params = parse_params(preset_text("photos", tmp_path))
    assert params.inputs.model_dump() == {
        "people": f"{tmp_path}/people", "car_masks": "data/nothing", "video": f"{tmp_path}/video",
        "shadows": "data/nothing", "coco_annotations": "data/nothing",
        "coco_images": "data/nothing",
    }  # fmt: skip
    assert params.scrape.cars.folder == f"{tmp_path}/cars/images"
    assert params.scrape.backgrounds.folder == "data/nothing"


def test_without_people_no_network_starts_from_theirs(tmp_path: Path) -> None:
    assert (
        parse_params(preset_text("photos", tmp_path)).networks.central_person.checkpoint == NOTHING
    )
    (tmp_path / "people").mkdir()
    networks = parse_params(preset_text("photos", tmp_path)).networks
    assert networks.central_person.checkpoint == "models/person_se"


def test_the_preset_web_holds_the_published_settings() -> None:
    params = parse_params(preset_text("web"))
    person_se = params.networks.person_se
    assert (person_se.encoder, person_se.pretrained, person_se.size) == ("resnet50", True, 512)
    assert (person_se.width, person_se.low_width) == (256, 48)
    assert (params.person_split.multiply, params.person_split.size) == ("offline", 512)
    assert person_se.plateau.model_dump() == {"factor": 0.1, "patience": 5, "min_lr": 1e-7}
    assert person_se.early_stopping == 20
    assert params.splits.test_share == 0.1


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown preset 'web2'; there are demo, photos"):
        preset_text("web2")


def test_a_preset_of_own_pictures_needs_their_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="preset photos needs --root DIR"):
        preset_text("photos")
    with pytest.raises(MissingFolder, match=f"{tmp_path}/nowhere: no such folder"):
        preset_text("photos", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ROOTS)
def test_the_others_take_no_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="brings its own pictures"):
        preset_text(name, tmp_path)


@pytest.mark.parametrize("folder", ["с пробелом", 'a "b": #c', "back\\slash", "- x", "😀"])
def test_a_folder_may_have_any_name(folder: str, tmp_path: Path) -> None:
    root = tmp_path / folder
    root.mkdir()
    assert parse_params(preset_text("photos", root)).root == str(root)


@pytest.mark.parametrize("written", ["1e-05", "1e-5", "0.00001", "1.0E-5"])
def test_every_way_to_write_a_rate_is_a_number(written: str) -> None:
    lr = parse_params(demo_with("lr", f"lr: {written}")).lr
    assert isinstance(lr, float)
    assert lr == 0.00001


@pytest.mark.parametrize(
    ("key", "line", "message"),
    [
        ("lr", "lr: banana", "lr: must be a valid number, got 'banana'"),
        ("lr", "lr: '1e-5'", "lr: must be a valid number, got '1e-5'"),
        ("lr", "lr: true", "lr: must be a valid number, got True"),
        ("lr", "lr: 0", "lr: must be greater than 0, got 0"),
        ("lr", "lr: -1e-3", "lr: must be greater than 0, got -0.001"),
        ("lr", "lr: .nan", "lr: must be a finite number, got nan"),
        ("lr", "lr: .inf", "lr: must be a finite number, got inf"),
        ("lr", "lr:", "lr: must be a valid number, got None"),
        ("lr", "", "lr: missing"),
        ("lr", "lr: 0.001\nlearning_rate: 1", "learning_rate: unknown key"),
        (
            "person_se.epochs",
            "epochs: 0",
            "networks.person_se.epochs: must be greater than or equal to 1",
        ),
        (
            "person_se.epochs",
            "epochs: 6.5",
            "networks.person_se.epochs: must be a valid integer, got 6.5",
        ),
        ("person_se.epochs", "", "networks.person_se.epochs: missing"),
        (
            "person_se.epochs",
            "epoch: 6",
            "networks.person_se.epochs: missing; networks.person_se.epoch: un",
        ),
        (
            "person_se.size",
            "size: 100",
            "networks.person_se.size: must be a multiple of 16, got 100",
        ),
        (
            "person_se.batch_size",
            "batch_size: 1",
            "networks.person_se.batch_size: must be greater than or",
        ),
        ("encoder", "encoder: vgg", "networks.person_se.encoder: must be 'resnet18', "),
        (
            "person_se.pretrained",
            "pretrained: 1",
            "networks.person_se.pretrained: must be a valid boolean",
        ),
        ("patience", "patience: x", "networks.person_se.plateau.patience: must be a valid integer"),
        ("person_se", "car_masks: 1\n  person_se:", "networks.car_masks: unknown key"),
        ("test_share", "test_share: 1", "splits.test_share: must be less than 1, got 1"),
        (
            "person_split.max_bad_share",
            "max_bad_share: 1.0",
            "person_split.max_bad_share: must be less than 1",
        ),
        (
            "evaluate.threshold",
            "threshold: '0.5'",
            "evaluate.threshold: must be a valid number, got '0.5'",
        ),
        ("demo.people", "people: 3", "demo.people: 3 is too few to split, give 10 or more"),
        ("root", "root: pictures", "root: 'pictures' is neither data/demo nor data/web nor an"),
        (
            "inputs.video",
            "video: clips",
            "inputs.video: 'clips' is not an absolute path (nor data/",
        ),
        (
            "gallery.pictures",
            "pictures: img",
            "scrape.backgrounds.sites.gallery.pictures: 'img' is",
        ),
        ("scrape.folder_is", "folder_is: taken", "scrape.backgrounds: a site starts at demo:, "),
        ("frames.every", "every: 0", "frames.every: must be greater than 0, got 0"),
        ("http.delay", "delay: -1", "http.delay: must be greater than or equal to 0, got -1"),
        ("root", "root: ''", "root: "),
        ("root", "root: 7", "root: must be a valid string, got 7"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_its_key(
    key: str, line: str, message: str
) -> None:
    assert refusal(demo_with(key, line)).startswith(message)


def test_every_problem_is_named_at_once() -> None:
    text = refusal(demo_with("lr", "lr: banana\nlearning_rate: 1"))
    assert "lr: must be a valid number" in text
    assert "; learning_rate: unknown key" in text


def test_a_relative_root_is_refused_with_the_command_that_writes_it() -> None:
    assert "`clearscene preset photos --root DIR`" in refusal(demo_with("root", "root: x"))


@pytest.mark.parametrize("text", ["", "# nothing\n", "- lr\n", "lr", "3"])
def test_a_file_without_keys_is_refused(text: str) -> None:
    assert refusal(text).startswith("must hold keys and values")


@pytest.mark.parametrize(
    "text",
    ["lr: [1", "lr: 1: 2", "\tlr: 1", "lr: *nowhere", DEMO + "seed: 2\n", "lr: !!python/none 1"],
    ids=["open list", "two colons", "tab", "alias", "twice", "tag"],
)
def test_what_is_no_yaml_is_refused_in_one_line(text: str) -> None:
    assert refusal(text)


def test_what_yaml_reads_as_an_impossible_date_is_refused_in_one_line() -> None:
    assert refusal(demo_with("lr", "lr: 2020-13-45"))


def test_a_missing_file_is_refused_with_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"^p\.yaml: no such file; `clearscene preset demo`"):
        load_params(tmp_path / "p.yaml")


def test_a_file_that_is_not_utf8_is_refused_by_name(tmp_path: Path) -> None:
    """Editors on Windows still save a comment in the machine's own letters."""
    file = tmp_path / "params.yaml"
    file.write_bytes("# мои параметры\n".encode("cp1251") + DEMO.encode())
    with pytest.raises(ParamsError, match=r"^params\.yaml: "):
        load_params(file)


def test_a_file_is_read_as_its_text(tmp_path: Path, mini_params: Callable[..., str]) -> None:
    text = mini_params(tmp_path, {"networks.person_se.epochs": 3, "lr": 1e-5})
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    params = load_params(tmp_path / "params.yaml")
    assert params == parse_params(text)
    assert (params.lr, params.networks.person_se.epochs) == (1e-5, 3)


def test_parameters_do_not_change_after_reading() -> None:
    params: Any = parse_params(DEMO)
    with pytest.raises(ValidationError, match="frozen"):
        params.lr = 1.0


@pytest.mark.parametrize(
    ("lr", "scale", "effective"),
    [(1e-5, 0.1, 1e-6), (1e-4, 50.0, 5e-3), (1e-4, 0.01, 1e-6), (0.1, 3.0, 0.3), (1e-3, 1.0, 1e-3)],
)
def test_the_effective_rate_has_no_noise_of_binary_fractions(
    lr: float, scale: float, effective: float
) -> None:
    assert learning_rate(lr, scale) == effective


def test_nested_parameters_become_dotted_keys() -> None:
    nested = {"lr": 0.1, "networks": {"a": {"epochs": 3}, "b": {}}, "sizes": [1, 2]}
    assert flatten(nested) == {"lr": 0.1, "networks.a.epochs": 3, "sizes": [1, 2]}


def test_every_parameter_of_the_demo_has_a_dotted_key_and_a_plain_value() -> None:
    flat = flatten(parse_params(DEMO).model_dump())
    assert flat["networks.person_se.plateau.min_lr"] == 1e-7
    assert all(
        isinstance(flat[key], str | int | float | bool | list) for key in flat if key[:4] == "netw"
    )
    assert {key.partition(".")[0] for key in flat} == set(Params.model_fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"networks.car_removal.weights.perceptual": 100.0},
            "networks.car_removal: weights.perceptual: features of random weights say nothing",
        ),
        (
            {"networks.central_person.frozen": True},
            "networks.central_person: frozen: what is random",
        ),
        (
            {"networks.person_bce_dice.size": 64, "person_split.multiply": "offline"},
            "person_split.size: 160 is written offline, but networks.person_se.size is 32",
        ),
        ({"pairs.height": 96}, "pairs: networks.car_removal needs a height and width that are mul"),
        ({"networks.shadow.checkpoint": "some.pt"}, "networks.shadow.checkpoint: 'some.pt' is nei"),
        (
            {"networks.shadow.weights": {"l2": 0.0, "perceptual": 0.0, "adversarial": 1.0}},
            "networks.shadow: weights: ",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(
    mini_params: Callable[..., str], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    text = mini_params(tmp_path, {"networks.central_person.checkpoint": "data/nothing", **changes})
    assert refusal(text).startswith(message)
