"""Paybot: shows KiriminAja's QRIS payments in Telegram, watches them, and says when they are paid."""

__version__ = "0.1.0"
