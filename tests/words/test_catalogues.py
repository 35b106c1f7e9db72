"""The catalogues: the same keys, the same placeholders, nothing missing, nothing left over."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.core.answer import Oddity
from bot.core.commands import Standing
from bot.core.locales import LOCALES
from bot.core.packages import PHASE_OF
from bot.core.qris import QrisFault
from bot.words.catalogue import Catalogue
from tests.architecture.test_commands import NOT_IN_THE_MENU, handled
from tests.words.telegram_html import read

WORDS = Path(__file__).parents[2] / "bot" / "words"
KEY = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z0-9_]+", re.ASCII)
PLAIN = (
    "buyer.",
    "format.",
    "picture.",
    "button.",
    "toast.",
    "menu.",
    "profile.",
    "package.track",
    "package.no_courier",
)
# The keys made at run time, by the table each family follows.
FAMILIES = {
    *(f"status.{code}" for code in PHASE_OF),
    *(f"odd.{oddity}" for oddity in Oddity),
    *(f"fault.{fault}" for fault in QrisFault),
    *(f"standing.{standing}" for standing in Standing),
    *(f"menu.{command}" for command in handled() - NOT_IN_THE_MENU),
}


@cache
def catalogue(locale: str) -> Catalog:
    with (WORDS / "locale" / locale / "LC_MESSAGES" / "paybot.po").open("rb") as po:
        return read_po(po, locale=locale, abort_invalid=True)


def entries(locale: str) -> dict[str, Message]:
    """Each key with its entry; a plural's two ids are the same key."""
    return {_texts(message.id)[0]: message for message in catalogue(locale) if message.id}


def sentences(message: Message) -> tuple[str, ...]:
    return _texts(message.string)


def _texts(one_or_more: object) -> tuple[str, ...]:
    return tuple(map(str, one_or_more)) if isinstance(one_or_more, tuple | list) else (str(one_or_more or ""),)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def literals() -> set[str]:
    """Every string in the code that looks like a key."""
    return {
        node.value
        for file in WORDS.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value)
    } - {"bot.words", "paybot.po"}


@pytest.mark.parametrize("locale", LOCALES)
class TestEachCatalogue:
    def test_every_key_in_the_code_is_there_and_no_other(self, locale: str) -> None:
        assert literals() | FAMILIES == entries(locale).keys()

    def test_placeholders_are_those_of_the_first_language(self, locale: str) -> None:
        for key, first in entries(LOCALES[0]).items():
            wanted = {name for sentence in sentences(first) for name in placeholders(sentence)}
            assert {name for text in sentences(entries(locale)[key]) for name in placeholders(text)} == wanted, key

    def test_no_sentence_is_empty_fuzzy_or_obsolete(self, locale: str) -> None:
        assert not catalogue(locale).obsolete
        for key, message in entries(locale).items():
            assert not message.fuzzy, key
            assert len(sentences(message)) == (catalogue(locale).num_plurals if message.pluralizable else 1), key
            assert all(text.strip() == text != "" for text in sentences(message)), key

    def test_no_key_stands_twice(self, locale: str) -> None:
        text = (WORDS / "locale" / locale / "LC_MESSAGES" / "paybot.po").read_text(encoding="utf-8")
        keys = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(entries(locale))

    def test_placeholders_are_names_and_nothing_else(self, locale: str) -> None:
        for key, message in entries(locale).items():
            for sentence in sentences(message):
                for _, name, spec, conversion in Formatter().parse(sentence):
                    assert name is None or (name.isidentifier() and not spec and conversion is None), key

    def test_markup_stands_only_where_it_is_read(self, locale: str) -> None:
        for key, message in entries(locale).items():
            for sentence in sentences(message):
                if key.startswith(PLAIN):
                    assert not re.search("[<>&]", sentence), key
                else:
                    read(sentence)

    def test_every_status_code_is_translated(self, locale: str) -> None:
        """In words: not the number again, not a shout."""
        words = [sentences(entries(locale)[f"status.{code}"])[0] for code in PHASE_OF]
        assert len(set(words)) == len(words)
        assert not any(re.search(r"\d", text) or text.isupper() for text in words)

    def test_a_missing_key_is_an_error_and_not_shown(self, locale: str) -> None:
        for ask in (Catalogue(locale).say, Catalogue(locale).plain):
            with pytest.raises(KeyError):
                ask("no.such_key")
        with pytest.raises(KeyError):
            Catalogue(locale).count("no.such_key", 2)


def test_plural_rules_are_those_of_the_language() -> None:
    assert "1 package<" in Catalogue("en").count("packages.count", 1)
    assert "2 packages<" in Catalogue("en").count("packages.count", 2)
    assert "2 paket<" in Catalogue("id").count("packages.count", 2)
