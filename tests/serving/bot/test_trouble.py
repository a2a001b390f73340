"""Too many pictures, a slow Telegram, a lost network, an end in the middle."""

from __future__ import annotations

import logging

import pytest

from pipeline.editing.studio import Studio
from pipeline.errors import PipelineError, UsageError
from pipeline.serving.bot import run, texts
from pipeline.serving.bot.chats import Chat
from pipeline.serving.bot.limits import BotLimits
from pipeline.serving.bot.running import PictureBot
from tests.photos.kinds import jpeg
from tests.serving.bot.conftest import Answering
from tests.serving.bot.telegram import (
    TOKEN,
    Telegram,
    bad_gateway,
    blocked,
    gone,
    hang_up,
    telegram,
    too_many,
)


def documents(api: Telegram, chat: int = 1) -> list[int | None]:
    return [one.reply_to for one in api.answers(chat) if one.document]


def test_one_after_the_other_with_their_place(api: Telegram, answering: Answering) -> None:
    with answering():
        with api.held("getFile"):
            for chat in (1, 2, 3):
                api.photo(jpeg(), chat)
                api.called("sendChatAction") if chat == 1 else api.wait(1, chat)
            assert [api.answers(chat)[0].text for chat in (2, 3)] == [
                "1 before yours.",
                "2 before yours.",
            ]
            assert not api.answers(1)
        for chat, count in ((1, 1), (2, 2), (3, 2)):
            api.wait(count, chat)
    order = [int(one.fields["chat_id"]) for one in api.sent if one.method == "sendDocument"]
    assert order == [1, 2, 3]


def test_a_full_queue_is_told_at_once(api: Telegram, answering: Answering) -> None:
    with answering(BotLimits(waiting=1)):
        with api.held("getFile"):
            first = api.photo(jpeg())
            api.called("sendChatAction")
            second = api.photo(jpeg())
            api.wait(1)
            third = api.photo(jpeg())
            answer = api.wait(2)[-1]
            assert (answer.text, answer.reply_to) == (texts.FULL, third)
        api.until(lambda: documents(api) == [first, second])


def test_a_chat_that_sends_too_much_is_told_once(api: Telegram, answering: Answering) -> None:
    with answering(BotLimits(per_minute=2)):
        for _ in range(5):
            api.document(jpeg(), "a.jpg", "image/jpeg")
        api.document(jpeg(), "b.jpg", "image/jpeg", chat=2)
        api.until(lambda: len(documents(api)) == 2 and len(documents(api, 2)) == 1)
    told = [one.text for one in api.answers() if one.text.startswith("That were 2 pictures")]
    assert len(told) == 1


def test_a_minute_later_more_may_be_sent() -> None:
    chat = Chat()
    assert [chat.admit(now, 2) for now in (0.0, 10.0, 20.0, 59.0)] == [0.0, 0.0, 40.0, 1.0]
    assert [chat.admit(now, 2) for now in (60.0, 69.0, 70.0)] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("fault", [too_many, hang_up, bad_gateway])
@pytest.mark.parametrize("method", ["getUpdates", "getFile", "sendDocument", "file"])
def test_what_telegram_loses_is_tried_again(
    method: str, fault: object, api: Telegram, answering: Answering
) -> None:
    api.fail(method, *[fault] * (1 if method == "getUpdates" else 2))  # type: ignore[list-item]
    with answering():
        number = api.photo(jpeg())
        api.until(lambda: documents(api) == [number])
    assert len(api.answers()) == 1


def test_telegrams_wish_to_wait_is_granted(api: Telegram, answering: Answering) -> None:
    api.fail("sendDocument", too_many, too_many)
    with answering():
        api.photo(jpeg())
        (answer,) = api.wait(1)
        (asked,) = api.called("getFile")
    assert answer.at - asked.at >= 2  # asked twice for a second; the server notes what it took


def test_a_picture_that_cannot_be_fetched_is_told_and_the_next_one_comes(
    api: Telegram, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail("file", gone, gone, gone)
    with caplog.at_level(logging.DEBUG), answering():
        api.photo(jpeg())
        assert api.wait(1)[0].text == texts.UNREACHABLE
        second = api.photo(jpeg())
        api.until(lambda: documents(api) == [second])
    assert "download: ClientResponseError" in caplog.text
    assert TOKEN not in caplog.text


def test_a_defect_costs_one_picture_and_is_logged(
    api: Telegram, answering: Answering, studio: Studio, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def broken(*_: object) -> None:
        raise ZeroDivisionError(f"with {TOKEN} in its text")

    with answering():
        with monkeypatch.context() as patch:  # no picture is known that breaks the studio
            patch.setattr(studio, "cut_out", broken)
            api.photo(jpeg())
            assert api.wait(1)[0].text == texts.DEFECT
        second = api.photo(jpeg())
        api.until(lambda: documents(api) == [second])
    assert "ZeroDivisionError" in caplog.text
    assert TOKEN not in caplog.text


def test_who_blocked_the_bot_is_one_line_in_the_log(
    api: Telegram, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    with answering():
        api.fail("sendMessage", blocked)
        api.write(2, text="/start")
        api.write(3, text="/start")
        api.until(lambda: bool(api.answers(2) or api.answers(3)))
        api.until(lambda: "not delivered" in caplog.text)
    assert "Traceback" not in caplog.text


def test_an_end_waits_for_the_picture_in_work_and_tells_the_others(
    api: Telegram, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), answering() as bot, api.held("sendDocument"):
        first = api.photo(jpeg())
        api.called("getFile")
        api.photo(jpeg(), chat=2)
        api.photo(jpeg(), chat=2)
        api.wait(2, 2)
        bot.stop()
        api.until(lambda: "1 in work, 2 waiting" in caplog.text)
    assert documents(api) == [first]
    assert [one.text for one in api.answers(2)][2:] == [texts.STOPPING]
    assert not documents(api, 2)


@pytest.mark.parametrize("token", ["", "no token", "4200000001:AAanother-token-than-the-servers"])
def test_a_wrong_token_is_one_line(token: str, api: Telegram, studio: Studio) -> None:
    with pytest.raises(UsageError, match="copy it from @BotFather into CLEARSCENE_BOT_TOKEN") as at:
        run(studio, token, server=api.address)
    assert not token or token not in str(at.value)


def test_a_server_out_of_reach_is_one_line(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.serving.bot.transport.PAUSES", (0.01, 0.01))
    with telegram() as server:
        address = server.address
    with pytest.raises(PipelineError, match="the bot cannot reach Telegram") as problem:
        PictureBot(studio, TOKEN, server=address).run()
    assert TOKEN not in str(problem.value)
