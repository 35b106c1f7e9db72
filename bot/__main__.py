"""`python -m bot` is `paybot`."""

from bot.cli import main

main()
