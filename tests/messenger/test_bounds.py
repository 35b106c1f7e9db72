"""How a request to Telegram goes out."""

import httpx

from bot.messenger.bounds import gather


async def test_a_form_with_a_picture_goes_out_in_one_piece() -> None:
    """As long as its header says, and with everything in it."""
    fields = {"chat_id": "501", "caption": "Rp65.000"}
    request = httpx.Request(
        "POST", "http://127.0.0.1/", data=fields, files={"photo": ("qris.png", b"\x89PNG" * 5_000)}
    )
    assert isinstance(request.stream, httpx.AsyncByteStream)
    pieces = [piece async for piece in request.stream]
    assert len(pieces) > 1
    await gather(request)
    assert isinstance(request.stream, httpx.AsyncByteStream)
    assert [piece async for piece in request.stream] == [b"".join(pieces)]
    assert request.headers["content-length"] == str(len(b"".join(pieces)))
