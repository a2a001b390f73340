"""What the bot says; Telegram's HTML."""

from __future__ import annotations

from html import escape

from pipeline.errors import UsageError
from pipeline.serving.bot.choices import Choices

HELP = (
    "Send me a photo, and I cut the people out of it. Send it <b>as a file</b> to keep its full "
    "quality: Telegram shrinks photos.\n\n"
    "/mode – cut people out, only their mask, or remove cars\n"
    "/background – nothing (transparent), white, blur, or a colour: "
    "<code>/background #00b140</code>\n"
    "/model – which network looks for the people\n"
    "/crop – cut the picture down to them, or not\n\n"
    "I keep pictures in memory only while I work on them. Your choices are forgotten when I am "
    "restarted."
)
PRIVATE_ONLY = "I work in private chats: write to @{username}."
FILES_ARE_BETTER = (
    "Telegram shrank this photo before I got it. Sent as a file, it keeps its size and quality."
)
FULL = "Too many pictures are waiting. Please send this one again in a few minutes."
SLOWER = "That were {most} pictures in a minute. Please send the next ones in {seconds} seconds."
STOPPING = "I am being restarted and have lost the pictures that waited. Please send them again."
NOBODY = (
    "I found no person in this picture. Larger and brighter people are found more easily; "
    "/model chooses another network."
)
NO_CAR = "I found no car in this picture, so there is nothing to change."
TOO_HEAVY = (
    "The result is larger than Telegram lets bots send. Send a smaller picture, or try /crop."
)
LOSSY = "As PNG this was larger than Telegram lets bots send, so it is WebP of high quality."
UNREADABLE = "I cannot use this picture: {reason}."
UNREACHABLE = "Telegram did not hand me this picture. Please send it again."
NOT_HERE = "This server cannot do that: its network is missing. Try another /model or /mode."
DEFECT = "Something went wrong with this picture, and my keeper will find out. Others still work."
OLD_BUTTON = "This button is no longer known."
UNKNOWN = "I do not know this command. /help lists those that I know."
NO_PICTURE = "Send me a photo, or a picture as a file. /help says what I do with it."
WRONG_KIND = {
    "video": "I take no videos here; send a photo, or a picture as a file.",
    "animation": "I take no animations; send a photo, or a picture as a file.",
    "video_note": "I take no videos here; send a photo, or a picture as a file.",
    "sticker": "I take no stickers; send a photo, or a picture as a file.",
    "voice": "I cannot listen; send a photo, or a picture as a file.",
    "audio": "I cannot listen; send a photo, or a picture as a file.",
}
"""By Telegram's name for what came."""
QUESTIONS = {
    "background": "What shall be behind the people? Or type a colour: "
    "<code>/background #00b140</code>",
    "model": "Which network shall look for them? <b>person_se</b> and <b>person_bce_dice</b> find "
    "all people, <b>central_person</b> the one in the middle.",
    "mode": "What shall I do with your pictures?",
    "crop": "Shall I cut the picture down to the people?",
}
"""By command."""
COMMANDS = {
    "start": "What I do",
    "mode": "Cut out people, their mask, or remove cars",
    "background": "What is behind the people",
    "model": "Which network looks for the people",
    "crop": "Cut the picture down to the people",
    "help": "All commands, and your choices",
}
"""As Telegram's menu shows them."""


def greeting(name: str) -> str:
    """To somebody who may call themselves anything."""
    return f"Hello {escape(name)}! {HELP}"


def chosen(choices: Choices) -> str:
    """All choices of a chat."""
    shown = ", ".join(f"{name} <b>{choices.shown(name)}</b>" for name in QUESTIONS)
    return f"Now: {shown}."


def refusal(problem: UsageError) -> str:
    """Of a choice that there is not."""
    return f"Sorry, {escape(str(problem))}"


def place(before: int) -> str:
    """In the queue."""
    return f"{before} before yours."


def too_large(most: int) -> str:
    """Of files."""
    return (
        f"Telegram lets bots fetch files of up to {most // 2**20} MB only. Send a smaller file, "
        "or the picture as a photo: Telegram then shrinks it."
    )


def not_a_picture(name: str) -> str:
    """Of a file."""
    return (
        f"<b>{escape(name[:60])}</b> is not a picture that I can read. I take JPEG, PNG, WebP, "
        "TIFF and HEIC."
    )
