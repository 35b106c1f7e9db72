"""Every parser of what comes from outside, by name."""

from typing import Final

from tests.fuzz import own_side, provider_side, telegram_side
from tests.fuzz.running import Parser

PARSERS: Final[dict[str, Parser]] = {
    parser.name: parser for parser in (*provider_side.PARSERS, *telegram_side.PARSERS, *own_side.PARSERS)
}
