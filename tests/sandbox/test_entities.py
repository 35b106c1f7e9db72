"""HTML is read as Telegram reads it."""

from __future__ import annotations

import pytest

from bot.sandbox.bot_api import Refusal
from bot.sandbox.entities import cut, formatted, utf16_length


def parts(html: str) -> list[tuple[str, str]]:
    """(type, covered text) of each entity."""
    text, entities = formatted(html, "HTML", None)
    return [(entity["type"], cut(text, entity["offset"], entity["length"])) for entity in entities]


def test_tags_become_entities_over_the_right_words() -> None:
    """Nested tags, references and characters outside the basic plane keep their places."""
    html = "✅ 💸 <b>Lunas <i>Rp65.000</i></b> &lt;XID-1&gt; <code>a&amp;b</code>"
    text, _ = formatted(html, "HTML", None)
    assert text == "✅ 💸 Lunas Rp65.000 <XID-1> a&b"
    assert parts(html) == [("bold", "Lunas Rp65.000"), ("italic", "Rp65.000"), ("code", "a&b")]


def test_links_quotes_spoilers_and_languages_are_known() -> None:
    """The tags with attributes carry them into the entity."""
    text, entities = formatted(
        '<a href="https://t.me/x?a=1&amp;b=2">shop</a> <span class="tg-spoiler">s</span> '
        '<blockquote expandable>q</blockquote> <pre><code class="language-py">x</code></pre>',
        "HTML",
        None,
    )
    assert text == "shop s q x"
    assert [entity["type"] for entity in entities] == ["text_link", "spoiler", "expandable_blockquote", "pre"]
    assert entities[0]["url"] == "https://t.me/x?a=1&b=2"
    assert entities[3]["language"] == "py"


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("é <div>x</div>", 'Unsupported start tag "div" at byte offset 3'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("a<br>b", 'Unsupported start tag "br" at byte offset 1'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_wrong_html_is_refused_in_telegrams_words(html: str, why: str) -> None:
    """The description names the fault and its byte offset."""
    with pytest.raises(Refusal) as caught:
        formatted(html, "HTML", None)
    assert caught.value.description == f"Bad Request: can't parse entities: {why}"


def test_commands_mentions_and_links_are_found() -> None:
    """Telegram marks them by itself, but not within code."""
    found = [
        (e["type"], e["length"]) for e in formatted("/pay@my_bot x @sari https://a.id/b, #lunas a/b", None, None)[1]
    ]
    assert found == [("bot_command", 11), ("mention", 5), ("url", 14), ("hashtag", 6)]
    assert parts("<code>/pay</code> /status") == [("code", "/pay"), ("bot_command", "/status")]


def test_white_space_at_the_ends_is_dropped() -> None:
    """Entities move and shrink with it."""
    assert formatted("\n <b> x </b>\n", "HTML", None) == ("x", [{"type": "bold", "offset": 0, "length": 1}])


def test_lengths_are_utf16() -> None:
    """An emoji outside the basic plane counts twice."""
    assert utf16_length("a💸") == 3
