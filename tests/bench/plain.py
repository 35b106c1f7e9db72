"""The baseline: the bot as anybody would write it with the same libraries, in stock settings.

``python -m tests.bench.plain [bare]``: polls as python-telegram-bot does, asks KiriminAja with httpx's own client, and
replies with segno's PNG; no inbox, no outbox, no pace. With ``bare`` it knows no command. Settings as the bot's.
"""

import io
import os
import sys
from typing import Any

import httpx
import segno
from telegram import Update
from telegram.ext import Application, ApplicationBuilder, CommandHandler, ContextTypes

Plain = Application[Any, Any, Any, Any, Any, Any]
PATIENCE = 60.0
"""Seconds: the sandbox may be slow at 256 at once, and what timed out would be no answer to compare with."""


async def pay(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """`/pay ID`: asks for the payment and shows its QR."""
    assert update.message and context.args
    client: httpx.AsyncClient = context.bot_data["client"]
    answer = await client.post("/api/mitra/v2/get_payment", json={"payment_id": context.args[0]})
    payment = answer.raise_for_status().json()["data"]
    picture = io.BytesIO()
    segno.make(payment["qr_content"]).save(picture, kind="png", scale=10, border=4)
    await update.message.reply_photo(picture.getvalue(), caption=f"{payment['payment_id']}\nRp{payment['amount']}")


def build(*, bare: bool) -> Plain:
    """The program, ready to poll."""

    async def open_client(application: Plain) -> None:
        application.bot_data["client"] = httpx.AsyncClient(
            base_url=os.environ["KIRIMINAJA_EXPRESS_URL"],
            headers={"Authorization": f"Bearer {os.environ['KIRIMINAJA_API_KEY']}"},
            timeout=PATIENCE,
        )

    url = os.environ["TELEGRAM_API_URL"]
    builder = ApplicationBuilder().token(os.environ["TELEGRAM_BOT_TOKEN"]).base_url(f"{url}/bot")
    if bare:
        return builder.build()
    builder = builder.concurrent_updates(True).post_init(open_client)
    builder = builder.read_timeout(PATIENCE).write_timeout(PATIENCE).connect_timeout(PATIENCE).pool_timeout(PATIENCE)
    application = builder.media_write_timeout(PATIENCE).build()
    application.add_handler(CommandHandler("pay", pay))
    return application


if __name__ == "__main__":
    build(bare=sys.argv[1:] == ["bare"]).run_polling(allowed_updates=["message"])
