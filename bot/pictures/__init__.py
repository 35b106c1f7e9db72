"""Pictures for the chat as PNG bytes, drawn from ready strings: the QRIS card, its receipt, its withdrawal.

Importing this costs nothing; Pillow and segno are loaded when the first ``CardPainter`` is built and draws.
"""

from bot.pictures.card import CardPainter
from bot.pictures.layout import CardText

__all__ = ["CardPainter", "CardText"]
