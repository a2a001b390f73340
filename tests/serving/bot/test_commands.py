"""People choose by typing and by buttons, each chat for itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.editing.options import Cut
from pipeline.editing.studio import Studio
from pipeline.photos import encode_photo, read_photo
from pipeline.serving.bot import texts
from pipeline.serving.bot.choices import CHOOSABLE, Choices
from pipeline.serving.bot.limits import BotLimits
from pipeline.serving.bot.running import PictureBot
from tests.photos.kinds import jpeg
from tests.serving.bot.conftest import Answering
from tests.serving.bot.telegram import USERNAME, Telegram


def test_the_menu_lists_all_commands(api: Telegram, bot: PictureBot) -> None:
    (call,) = api.called("setMyCommands")
    commands = {one["command"] for one in call.fields["commands"]}
    assert commands == {"start", "help", *CHOOSABLE}
    assert api.called("deleteWebhook")


def test_the_greeting_escapes_whatever_people_call_themselves(
    api: Telegram, bot: PictureBot
) -> None:
    api.write(text="/start", first_name="<b>Ada</i> & Co")
    (answer,) = api.wait(1)  # the server refuses bad HTML, as Telegram does
    assert "Hello &lt;b&gt;Ada&lt;/i&gt; &amp; Co!" in answer.text


def test_help_tells_what_is_chosen(api: Telegram, bot: PictureBot) -> None:
    api.write(text="/crop on")
    api.wait(1)
    api.write(text="/help")
    answer = api.wait(2)[-1]
    assert texts.HELP in answer.text
    assert "background <b>none</b>, model <b>person_se</b>, mode <b>cutout</b>" in answer.text
    assert "crop <b>on</b>" in answer.text


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("/background white", Cut(background=(255, 255, 255))),
        ("/background #00B140", Cut(background=(0, 177, 64))),
        ("/background blur", Cut(background="blur")),
        ("/crop on", Cut(crop=True)),
        ("/mode mask", Cut(mask=True)),
    ],
)
def test_what_is_typed_is_done(
    typed: str, wanted: Cut, api: Telegram, bot: PictureBot, studio: Studio
) -> None:
    api.write(text=typed)
    api.wait(1)
    api.document(jpeg(), "a.jpg", "image/jpeg")
    api.until(lambda: any(one.document for one in api.answers()))
    expected = encode_photo(studio.cut_out(read_photo(jpeg()), wanted), "png")
    assert api.answers()[-1].document == expected


def test_a_mask_is_white_where_people_are(api: Telegram, bot: PictureBot) -> None:
    api.write(text="/mode mask")
    api.wait(1)
    api.document(jpeg(), "a.jpg", "image/jpeg")
    answer = api.wait(2)[-1]
    assert answer.name == "a_mask.png"
    assert (np.asarray(Image.open(io.BytesIO(answer.document or b""))) == 255).all()


@pytest.mark.parametrize(
    "typed", ["/background pink", "/background #12", "/model <i>me</i>", "/mode x", "/crop maybe"]
)
def test_what_there_is_not_is_refused_with_what_there_is(
    typed: str, api: Telegram, bot: PictureBot
) -> None:
    api.write(text=typed)
    (answer,) = api.wait(1)
    assert answer.text.startswith("Sorry, ")
    assert all(word in answer.text for word in CHOOSABLE[typed.split()[0][1:]])


@pytest.mark.parametrize("name", CHOOSABLE)
def test_every_command_has_buttons_and_each_can_be_pressed(
    name: str, api: Telegram, bot: PictureBot
) -> None:
    api.write(text=f"/{name}")
    (question,) = api.wait(1)
    before = Choices().shown(name)
    assert f"✓ {before}" in question.buttons
    assert set(CHOOSABLE[name]) <= {word.removeprefix("✓ ") for word in question.buttons}
    for count, button in enumerate(question.buttons, start=1):
        api.press(question, button)
        (*_, marked) = api.wait(count + 1)
        word = button.removeprefix("✓ ")
        assert (marked.method, f"✓ {word}" in marked.buttons) == ("editMessageText", True)
        assert f"{name} <b>{word}</b>" in marked.text
        assert api.called("answerCallbackQuery", count)[-1].text == f"{name}: {word}"


@pytest.mark.parametrize("data", ["mode:dance", "nothing:at all", "chats", "background:#zzzzzz"])
def test_buttons_that_there_are_not_change_nothing(
    data: str, api: Telegram, bot: PictureBot
) -> None:
    api.write(text="/mode")
    (question,) = api.wait(1)
    api.press(question, "", data=data)
    (answer,) = api.called("answerCallbackQuery")
    assert answer.text == texts.OLD_BUTTON
    api.write(text="/help")
    assert texts.chosen(Choices()) in api.wait(2)[-1].text


def test_chats_choose_for_themselves_and_the_silent_are_forgotten(
    api: Telegram, answering: Answering
) -> None:
    with answering(BotLimits(chats=2)):
        for chat in (1, 2, 3):
            api.write(chat, text="/crop on")
            api.wait(1, chat)
        for chat, crop in ((3, "on"), (2, "on"), (1, "off")):
            api.write(chat, text="/help")
            assert f"crop <b>{crop}</b>" in api.wait(2, chat)[-1].text


def test_groups_are_told_where_the_bot_works(api: Telegram, bot: PictureBot) -> None:
    api.photo(jpeg(), chat=-5)
    api.write(-5, text="nice weather")
    number = api.write(-5, text=f"/start@{USERNAME}")
    (answer,) = api.wait(1, -5)
    assert (answer.text, answer.reply_to) == (texts.PRIVATE_ONLY.format(username=USERNAME), number)
    api.write(-5, text="/start@another_bot")
    api.write(text="/help")
    api.wait(1)
    assert len(api.answers(-5)) == 1
    assert not [one for one in api.sent if one.method == "getFile"]
