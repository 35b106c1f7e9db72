"""The gettext catalogues, read as `.po` when first needed, and the filling of their placeholders."""

from typing import TYPE_CHECKING

from bot.words.markup import Html, clean, escape

if TYPE_CHECKING:
    from gettext import GNUTranslations


def load(locale: str) -> "GNUTranslations":
    """The catalogue of a language, straight from its `.po`. Raises FileNotFoundError where there is none."""
    from gettext import GNUTranslations
    from importlib.resources import files
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = files("bot.words") / "locale" / locale / "LC_MESSAGES" / "paybot.po"
    with source.open("rb") as po:
        compiled = BytesIO()
        write_mo(compiled, read_po(po, locale=locale, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


class Catalogue:
    """The sentences of one language by their keys. Loads itself at the first."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._loaded: GNUTranslations | None = None

    @property
    def _translations(self) -> "GNUTranslations":
        if self._loaded is None:
            self._loaded = load(self.locale)
        return self._loaded

    def say(self, key: str, /, **values: str | int) -> Html:
        """A sentence as HTML, its values escaped unless they are `Html` themselves. Raises KeyError on no such key."""
        return Html(self._sentence(key).format(**_escaped(values)))

    def count(self, key: str, n: int, /, **values: str | int) -> Html:
        """A sentence in the plural form for `n`, which is also a placeholder."""
        sentence = self._translations.ngettext(key, key, n)
        if sentence == key:
            raise KeyError(key)
        return Html(sentence.format(**_escaped({"n": n, **values})))

    def plain(self, key: str, /, **values: str | int) -> str:
        """A sentence as plain text: labels, toasts, pictures. Its values are cleaned, not escaped."""
        return self._sentence(key).format(**{name: clean(str(value)) for name, value in values.items()})

    def _sentence(self, key: str) -> str:
        sentence = self._translations.gettext(key)
        if sentence == key:
            raise KeyError(key)
        return sentence


def _escaped(values: dict[str, str | int]) -> dict[str, Html]:
    return {name: value if isinstance(value, Html) else escape(str(value)) for name, value in values.items()}
