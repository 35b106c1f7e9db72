"""What a button carries over the wire comes back as what it was, and nothing else is taken for one."""

import pytest
from hypothesis import given, strategies as st

from bot.core.message import Action, ActionButton, press_of

HANDLE = "abcDEF0123456789-_xy"


@given(action=st.sampled_from(Action), handle=st.from_regex(r"[A-Za-z0-9_-]{16,43}", fullmatch=True))
def test_a_press_says_which_button_it_was(action: Action, handle: str) -> None:
    """Out through `callback_data` and back, within Telegram's 64 bytes."""
    data = ActionButton("Cek", action, handle).data
    assert press_of(data) == (action, handle)
    assert len(data.encode()) <= 64


@pytest.mark.parametrize(
    "data",
    [
        "",
        "check",
        "check:",
        "check:short",
        f"check:{HANDLE * 3}",
        f"pay:{HANDLE}",
        f"CHECK:{HANDLE}",
        f"check:{HANDLE}\n",
        f" check:{HANDLE}",
        f"check:{HANDLE}é",
        f"check|stop:{HANDLE}",
    ],
)
def test_what_is_not_ours_is_no_press(data: str) -> None:
    """Data of another bot's age, or made up by hand."""
    assert press_of(data) is None
