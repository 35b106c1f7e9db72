"""Whether a bot that works for long grows: by command, half an hour at a time."""
