"""Whether the environment names a proxy: then calls go out over httpx, which knows all kinds of them."""

from urllib.request import getproxies


def are_set() -> bool:
    """By `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`, in either case."""
    return bool(getproxies().keys() & {"http", "https", "all"})
