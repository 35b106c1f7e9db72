"""Talking to Telegram: sending (`sender`), receiving (`updates`). What came of it is one of a closed set."""
