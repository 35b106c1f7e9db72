"""Our account: a refused token is told from a Telegram out of reach."""

import pytest
from telegram.error import TimedOut

from bot.messenger.account import OutOfReach, TokenRefused, close_account, learn_name, open_account
from tests.messenger.faking import TOKEN, FakeTelegram, bot_at, refusal, success

ME = {"id": 123456789, "is_bot": True, "first_name": "Paybot", "username": "paybot"}


async def test_the_name_is_learnt() -> None:
    """Once is enough; again does no harm."""
    bot = bot_at(telegram := FakeTelegram(success(ME)))
    await learn_name(bot)
    await learn_name(bot)
    assert bot.username == "paybot"
    assert [method for method, _ in telegram.calls] == ["getMe"]


@pytest.mark.parametrize("answer", [refusal(401, "Unauthorized"), refusal(404, "Not Found")], ids=["401", "404"])
async def test_telegrams_no_to_a_token_is_final(answer: tuple[int, bytes]) -> None:
    """The operator has to mend it."""
    with pytest.raises(TokenRefused):
        await learn_name(bot_at(FakeTelegram(answer)))


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"<html>nginx</html>"),
        (401, b"<html>log in to this network</html>"),
        (200, b"<html>welcome to this network</html>"),
        (200, b'{"status":"up"}'),
        (502, b"[]"),
        refusal(429, "Too Many Requests", retry_after=3),
        refusal(500, "Internal Server Error"),
        TimedOut(),
    ],
    ids=["404 page", "401 page", "200 page", "200 other", "502 list", "429", "500", "timeout"],
)
async def test_anything_else_is_waited_out(answer: tuple[int, bytes] | Exception) -> None:
    """Also what a proxy or a captive portal says in Telegram's place."""
    with pytest.raises(OutOfReach) as unreached:
        await learn_name(bot_at(FakeTelegram(answer)))
    assert TOKEN not in str(unreached.value)


async def test_an_account_is_opened_at_the_given_server() -> None:
    """Calls and files each under their path; opening sends nothing."""
    bot = open_account("http://127.0.0.1:9/base", TOKEN)
    assert bot.base_url == f"http://127.0.0.1:9/base/bot{TOKEN}"
    assert bot.base_file_url == f"http://127.0.0.1:9/base/file/bot{TOKEN}"
    await close_account(bot)
