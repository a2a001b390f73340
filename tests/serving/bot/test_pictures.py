"""People send the bot what they have, and get what they asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.editing.options import Cut
from pipeline.editing.studio import Studio
from pipeline.photos import encode_photo, read_photo
from pipeline.serving.bot import texts
from pipeline.serving.bot.limits import BotLimits
from pipeline.serving.bot.running import PictureBot
from tests.photos.kinds import BAD, jpeg, saved, turned
from tests.serving.bot.conftest import Answering
from tests.serving.bot.telegram import Sent, Telegram, blocked


def opened(sent: Sent) -> Image.Image:
    assert sent.method == "sendDocument", sent.text
    return Image.open(io.BytesIO(sent.document or b""))


def answered(api: Telegram, chat: int = 1) -> Sent:
    """The first answer of a chat that is not about its place in the queue."""

    def found() -> list[Sent]:
        return [one for one in api.answers(chat) if "before yours" not in one.text]

    api.until(lambda: bool(found()))
    return found()[0]


def test_a_photo_comes_back_as_a_png_file(api: Telegram, bot: PictureBot, studio: Studio) -> None:
    number = api.photo(jpeg())
    (answer,) = api.wait(1)
    assert answer.name == "photo_cutout.png"
    assert answer.reply_to == number
    wanted = studio.cut_out(read_photo(jpeg()), Cut())
    assert answer.document == encode_photo(wanted, "png")
    picture = opened(answer)
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (64, 48))
    assert picture.getextrema()[3] == (255, 255)  # the network finds everybody everywhere


def test_a_file_keeps_its_name_and_stands_upright(api: Telegram, bot: PictureBot) -> None:
    api.document(turned(6), "Ada & <Bob>.jpeg", "image/jpeg")
    (answer,) = api.wait(1)
    assert answer.name == "Ada_Bob_cutout.png"
    assert opened(answer).size == (64, 48)


def test_that_files_are_better_is_said_once(api: Telegram, bot: PictureBot) -> None:
    api.photo(jpeg())
    api.wait(1)
    api.photo(jpeg())
    api.document(jpeg(), "a.jpg", "image/jpeg")
    api.until(lambda: sum(one.document is not None for one in api.answers()) == 3)
    captions = [one.text for one in api.answers() if one.document]
    assert captions == [texts.FILES_ARE_BETTER, "", ""]


def test_nobody_on_the_picture_is_told(api: Telegram, bot: PictureBot) -> None:
    choices = ("background none", "background white", "background blur", "mode mask")
    for chat, choice in enumerate(choices, start=1):
        for command in ("model person_bce_dice", choice):
            api.write(chat, text=f"/{command}")
        api.wait(2, chat)
        api.photo(jpeg(), chat)
        assert api.wait(3, chat)[-1].text == texts.NOBODY


def test_what_the_server_cannot_do_is_told(api: Telegram, bot: PictureBot) -> None:
    api.write(text="/mode remove-cars")
    number = api.photo(jpeg())
    answer = api.wait(2)[-1]
    assert (answer.text, answer.reply_to) == (texts.NOT_HERE, number)


@pytest.mark.parametrize("name", ["jpg", "jpeg.HEIC", "png"])
def test_files_without_a_type_are_looked_at(name: str, api: Telegram, bot: PictureBot) -> None:
    api.document(jpeg(), f"a.{name}", "application/octet-stream")
    assert opened(api.wait(1)[0]).size == (64, 48)


def test_bad_pictures_are_refused_in_words_and_the_next_one_comes(
    api: Telegram, answering: Answering
) -> None:
    with answering(BotLimits(per_minute=1000, waiting=1000)):
        for chat, name in enumerate(BAD, start=10):
            api.document(BAD[name](), name, "image/jpeg", chat)
        for chat, name in enumerate(BAD, start=10):
            answer = answered(api, chat)
            assert answer.method == "sendMessage", name
            assert answer.text not in (texts.DEFECT, texts.NOT_HERE, texts.UNREACHABLE), name
        api.photo(jpeg())
        assert answered(api).document


def test_pixels_are_counted_before_they_are_decoded(api: Telegram, answering: Answering) -> None:
    with answering(BotLimits(pixels=64 * 48 - 1)):
        api.photo(jpeg())
        (answer,) = api.wait(1)
    assert "64×48 is more than" in answer.text


def test_files_that_telegram_does_not_hand_out_are_told(api: Telegram, bot: PictureBot) -> None:
    api.document(jpeg(), "a.jpg", "image/jpeg", file_size=21 * 1024 * 1024)
    api.document(bytes(21 * 1024 * 1024), "lies.jpg", "image/jpeg", file_size=1000)
    answers = api.wait(2)
    assert all("up to 20 MB" in one.text for one in answers)
    assert len(api.called("getFile")) == 1  # of the first it was known before


def test_a_download_that_is_larger_than_said_is_cut_off(
    api: Telegram, answering: Answering
) -> None:
    with answering(BotLimits(file_bytes=1000)):
        api.document(jpeg(), "a.jpg", "image/jpeg", file_size=10)
        (answer,) = api.wait(1)
    assert "bots fetch files" in answer.text


def test_results_too_large_for_telegram_become_webp(api: Telegram, answering: Answering) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = saved(noise, "PNG")
    with answering(BotLimits(sent_bytes=len(content) - 2000)):
        api.document(content, "a.png", "image/png")
        (answer,) = api.wait(1)
    assert (answer.name, answer.text) == ("a_cutout.webp", texts.LOSSY)
    assert (opened(answer).format, opened(answer).size) == ("WEBP", (64, 64))
    with answering(BotLimits(sent_bytes=100)):
        api.document(content, "a.png", "image/png")
        assert api.wait(2)[-1].text == texts.TOO_HEAVY


@pytest.mark.parametrize("kind", ["video", "animation", "sticker", "voice", "audio", "video_note"])
def test_other_kinds_are_refused_kindly(kind: str, api: Telegram, bot: PictureBot) -> None:
    file = {"file_id": "x", "file_unique_id": "y", "file_size": 10, "duration": 1, "length": 1}
    shape = {"width": 1, "height": 1, "type": "regular", "is_animated": False, "is_video": False}
    more = {"document": {"file_id": "x", "file_unique_id": "y", "mime_type": "video/mp4"}}
    number = api.write(**{kind: {**file, **shape}}, **(more if kind == "animation" else {}))
    (answer,) = api.wait(1)
    assert (answer.text, answer.reply_to) == (texts.WRONG_KIND[kind], number)
    assert not [one for one in api.sent if one.method == "getFile"]


@pytest.mark.parametrize("name", ["<b>paper</b>.pdf", "noname", "a" * 200 + ".zip"])
def test_other_files_are_refused_by_name(name: str, api: Telegram, bot: PictureBot) -> None:
    api.document(b"%PDF-1.7", name, "application/pdf")
    (answer,) = api.wait(1)
    assert answer.text == texts.not_a_picture(name)
    assert not [one for one in api.sent if one.method == "getFile"]


def test_what_is_neither_is_answered(api: Telegram, bot: PictureBot) -> None:
    api.write(text="hello?")
    api.write(text="/dance")
    api.write(location={"latitude": 1.0, "longitude": 2.0})
    assert sorted(one.text for one in api.wait(3)) == sorted(
        [texts.NO_PICTURE, texts.UNKNOWN, texts.NO_PICTURE]
    )


def test_albums_come_picture_by_picture(api: Telegram, answering: Answering) -> None:
    with answering():
        with api.held("getFile"):
            api.photo(jpeg(), chat=2)
            api.called("sendChatAction")
            numbers = [api.photo(jpeg(), media_group_id="77") for _ in range(3)]
            (place,) = api.wait(1)
        answers = api.wait(4)
    assert place.text == "1 before yours."  # told once, not thrice
    assert [one.reply_to for one in answers if one.document] == numbers


def test_a_chat_that_blocked_the_bot_costs_its_own_picture(api: Telegram, bot: PictureBot) -> None:
    api.fail("sendDocument", blocked)
    api.photo(jpeg(), chat=2)
    api.called("sendChatAction")
    api.photo(jpeg())
    api.until(lambda: any(one.document for one in api.answers()))
    assert not [one for one in api.answers(2) if one.document]
