"""The bot on a virtual clock, in a world made up from one number; see `__main__`."""
