"""A sandbox of Telegram and KiriminAja over HTTP: what ``paybot demo`` and the end-to-end tests run against."""

from bot.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
