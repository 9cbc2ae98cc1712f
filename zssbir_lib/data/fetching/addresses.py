"""Which addresses may be fetched from, and what of them may be printed."""

from urllib.parse import urlsplit

from zssbir_lib.data.fetching.errors import DownloadError

SCHEMES = ("http", "https")


def check_address(url: str, before: str | None = None) -> None:
    """Check that an address is one to fetch from.

    Args:
        url: The address.
        before: The address that redirected to it, if one did.

    Raises:
        DownloadError: If it is not plain http or https, carries a password, or leaves
            https for http.
    """
    arrow = f"{shown(before)} redirects to " if before not in (None, url) else ""
    try:
        parts = urlsplit(url)
        named = parts.scheme in SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        named = False
    if not named or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise DownloadError(
            f"{arrow}{shown(url)!r}, expected an address http://... or https://..."
        )
    if parts.username is not None or parts.password is not None:
        raise DownloadError(
            f"{arrow}{shown(url)} carries a user name or password; give an address "
            "without"
        )
    if arrow and urlsplit(before).scheme == "https" and parts.scheme == "http":
        raise DownloadError(
            f"{arrow}{shown(url)}, from https to unprotected http; look for its new "
            "address on the project's page"
        )


def shown(url: str) -> str:
    """Return an address as it may be printed: without password, query and fragment.

    Args:
        url: Any text.

    Returns:
        The text up to `?` or `#`, without what stands before `@`.
    """
    plain = url.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = plain.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"
