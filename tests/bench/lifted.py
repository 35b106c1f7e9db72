"""``paybot`` without Telegram's pace, which stretches the time and not the work: what is lifted is one number."""

from bot.cli import main
from bot.messenger import pace

pace.ALL_PER_SECOND = 1_000_000.0  # type: ignore[misc]
pace._MOST_AT_ONCE = 1_000_000  # type: ignore[misc]
pace.CHAT_BURST = 1_000_000  # type: ignore[misc]

if __name__ == "__main__":
    main()
