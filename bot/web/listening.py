"""The socket that the HTTP side listens on."""

import errno
import socket
from contextlib import ExitStack


class CannotListen(Exception):
    """The address cannot be listened on; the text is one line with the mend."""

    def __init__(self, text: str, *, in_use: bool) -> None:
        super().__init__(text)
        self.in_use = in_use
        """Whether somebody else does."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; on a free port where it is 0. Raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        try:
            # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without, answers wait 40 ms.
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(128)
        except (OSError, OverflowError, ValueError, TypeError) as error:  # the last three: it is no port, or no name
            raise _named(error, host, port) from None
        stack.pop_all()
        return listener


def _named(error: Exception, host: str, port: int) -> CannotListen:
    number = getattr(error, "errno", None)
    why = getattr(error, "strerror", None) or str(error)
    where = f"HTTP_PORT: {host}:{port} cannot be used ({why})"
    if number == errno.EADDRINUSE:
        free = "stop what uses it, or set HTTP_HOST and HTTP_PORT to a free address"
        return CannotListen(f"{where}: {free}.", in_use=True)
    if number == errno.EACCES or isinstance(error, OverflowError):
        return CannotListen(f"{where}: set a port from 1024 to 65535.", in_use=False)
    mend = "set it to 127.0.0.1, or to 0.0.0.0 to be reached from elsewhere"
    return CannotListen(f"HTTP_HOST: {host} is no address of this machine ({why}): {mend}.", in_use=False)
