"""Pictures for the chat as PNG bytes, drawn from ready strings: the QRIS card, its receipt, its withdrawal; the chart.

Importing this costs nothing; Pillow and segno are loaded when the first ``CardPainter`` is built and draws, or the
first chart is drawn.
"""

from bot.pictures.card import CardPainter
from bot.pictures.chart import ChartPainter
from bot.pictures.layout import CardText

__all__ = ["CardPainter", "CardText", "ChartPainter"]
