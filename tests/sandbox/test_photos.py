"""Pictures and documents, with the real client where uploads are concerned."""

from __future__ import annotations

import io

import pytest
import telegram
from PIL import Image

from bot.sandbox import Sandbox
from bot.sandbox.bot_api import BotApi
from bot.sandbox.chats import Chat
from bot.sandbox.images import dimensions
from tests.sandbox.conftest import Api, png


async def test_an_upload_can_be_sent_again_by_its_id(bot: telegram.Bot, api: Api, chat: Chat) -> None:
    """The last PhotoSize is the picture; its file_id sends and downloads the same bytes."""
    picture = png(300, 200)
    sent = await bot.send_photo(chat.id, picture, caption="<b>Bayar</b>", parse_mode="HTML")
    assert (sent.photo[-1].width, sent.photo[-1].height, sent.photo[-1].file_size) == (300, 200, len(picture))
    assert sent.photo[0].width < 100
    assert sent.photo[0].file_id != sent.photo[-1].file_id
    again = await bot.send_photo(chat.id, sent.photo[-1].file_id)
    assert [message.photo for message in chat.from_bot] == [picture, picture]
    file = await bot.get_file(again.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == picture


async def test_a_photo_message_is_well_formed(api: Api, chat: Chat) -> None:
    """The answer has the specification's shape."""
    answer = (await api.photo(chat.id, png(), caption="x")).json()
    BotApi.load().check_object("Message", answer["result"])


async def test_an_unknown_file_id_is_refused(api: Api, chat: Chat) -> None:
    """An id of another bot, or none at all."""
    why = await api.refused("sendPhoto", chat_id=chat.id, photo="AgACAgUAAx")
    assert why == "400 Bad Request: wrong file identifier/HTTP URL specified"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "file must be non-empty"),
        (b"<svg/>", "IMAGE_PROCESS_FAILED"),
        (png()[:-20], "IMAGE_PROCESS_FAILED"),
        (png(21, 1), "PHOTO_INVALID_DIMENSIONS"),
        (png(5001, 5000), "PHOTO_INVALID_DIMENSIONS"),
        (png() + b"\0" * 10 * 1024 * 1024, "file is too big"),
    ],
)
async def test_what_is_no_photo_is_refused(api: Api, chat: Chat, content: bytes, why: str) -> None:
    """Empty, another format, cut off, too thin, too large, too heavy."""
    assert why in (await api.photo(chat.id, content)).json()["description"]


async def test_a_caption_has_1024_characters(api: Api, chat: Chat) -> None:
    """Counted as for texts."""
    assert (await api.photo(chat.id, png(), caption="x" * 1024)).json()["ok"]
    refusal = (await api.photo(chat.id, png(), caption="x" * 1025)).json()["description"]
    assert refusal == "Bad Request: message caption is too long"


async def test_a_picture_can_be_replaced(bot: telegram.Bot, api: Api, chat: Chat) -> None:
    """By an upload and by a file_id; the same again is not modified; a text may become a picture."""
    one, two = png(100, 100), png(110, 110)
    sent = await bot.send_photo(chat.id, one, caption="one")
    edited = await bot.edit_message_media(
        telegram.InputMediaPhoto(two, caption="two"), chat_id=chat.id, message_id=sent.message_id
    )
    message = chat.from_bot[0]
    assert (message.photo, message.text) == (two, "two")
    assert isinstance(edited, telegram.Message)
    same = telegram.InputMediaPhoto(edited.photo[-1].file_id, caption="two")
    with pytest.raises(telegram.error.BadRequest, match="not modified"):
        await bot.edit_message_media(same, chat_id=chat.id, message_id=sent.message_id)
    text = await bot.send_message(chat.id, "text")
    await bot.edit_message_media(telegram.InputMediaPhoto(one), chat_id=chat.id, message_id=text.message_id)
    assert chat.from_bot[1].photo == one
    with pytest.raises(telegram.error.BadRequest, match="no text in the message to edit"):
        await bot.edit_message_text("x", chat_id=chat.id, message_id=text.message_id)
    await bot.edit_message_caption(chat_id=chat.id, message_id=text.message_id, caption="three")
    assert chat.from_bot[1].text == "three"


async def test_an_attachment_must_be_there(api: Api, chat: Chat) -> None:
    """attach:// names a part of the same request."""
    sent = await api.ok("sendMessage", chat_id=chat.id, text="x")
    media = {"type": "photo", "media": "attach://qr"}
    why = await api.refused("editMessageMedia", chat_id=chat.id, message_id=sent["message_id"], media=media)
    assert "there is no part attach://qr" in why


async def test_a_document_keeps_its_name(bot: telegram.Bot, chat: Chat) -> None:
    """As the month's CSV must; a document is no photo."""
    sent = await bot.send_document(chat.id, b"id,amount\n", filename="recap.csv")
    assert sent.document is not None
    assert (sent.document.file_name, chat.from_bot[0].document) == ("recap.csv", b"id,amount\n")
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)can't use file of type document as photo"):
        await bot.send_photo(chat.id, sent.document.file_id)


async def test_downloads_need_the_token(sandbox: Sandbox, api: Api, chat: Chat) -> None:
    """Files are as secret as the bot."""
    sent = (await api.photo(chat.id, png())).json()["result"]
    path = (await api.ok("getFile", file_id=sent["photo"][-1]["file_id"]))["file_path"]
    for token, status in ((sandbox.telegram.token, 200), ("1:other", 401)):
        assert (await api.client.get(f"{sandbox.url}/file/bot{token}/{path}")).status_code == status


def test_jpeg_headers_are_read() -> None:
    """Width and height come from the frame header."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "JPEG")
    assert dimensions(file.getvalue()) == (64, 48)
