"""What the shell commands do, a module each; `bot.cli` parses, asks and prints."""


class ShellError(Exception):
    """The command could not do its work; the text is one line with the mend."""

    status = 1
    """The exit status."""


class ToBeMended(ShellError):
    """What an argument or a setting says is to be mended first."""

    status = 2
