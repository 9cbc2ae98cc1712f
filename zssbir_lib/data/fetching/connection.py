"""Open an address over HTTP, follow redirects with care, and name what goes wrong."""

import http.client
import socket
import ssl
import time
import urllib.request
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit

from zssbir_lib.data.fetching.addresses import check_address, shown
from zssbir_lib.data.fetching.errors import DownloadError, PassingError, Unreachable

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that may change by themselves
AGENT = "zssbir_lib"
ONLINE = "check that this computer is online, then run the same command again"


def open_address(
    url: str, headers: dict[str, str], timeout: float
) -> http.client.HTTPResponse:
    """Ask for an address, following at most `MAX_REDIRECTS` redirects.

    Every hop is a new request with the same few headers: none carries a password or a
    cookie. Proxies are taken from the environment.

    Args:
        url: An address of http or https, without user name or password.
        headers: What to send besides the agent's name.
        timeout: Seconds to wait for a connection and for each answer.

    Returns:
        The open answer, of status 200 or 206.

    Raises:
        DownloadError: If the server refuses, or redirects to where it must not.
        PassingError: If trying again later may help; `Unreachable` without a network.
    """
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        check_address(here, before=url)
        request = urllib.request.Request(here, headers={"User-Agent": AGENT} | headers)
        try:
            return _opener().open(request, timeout=timeout)
        except HTTPError as answer:
            with answer:
                here = _redirected(answer, here)
        except (OSError, http.client.HTTPException) as error:
            raise named_failure(error, here, timeout) from error
    raise DownloadError(
        f"{shown(url)} redirects more than {MAX_REDIRECTS} times (a loop?); look for "
        "its new address on the project's page"
    )


def named_failure(error: Exception, url: str, timeout: float) -> DownloadError:
    """Say in one line what kept a connection from being made or kept up.

    Args:
        error: What the standard library raised.
        url: The address asked for.
        timeout: The seconds that were waited at most.

    Returns:
        The error to raise in its place.
    """
    reason = error.reason if isinstance(error, URLError) else error
    host = urlsplit(url).netloc
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadError(
            f"the certificate of {host} is not valid ({reason.verify_message}): check "
            "this computer's clock and whether the network asks for a login"
        )
    if isinstance(error, http.client.InvalidURL):
        return DownloadError(f"{shown(url)!r} is no address: {error}")
    if isinstance(reason, socket.gaierror):
        return Unreachable(f"cannot find {host}: {ONLINE}")
    detail = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    detail = _plain(detail)
    if isinstance(error, URLError):  # before anything was sent
        return Unreachable(f"cannot reach {host} ({detail}): {ONLINE}")
    if isinstance(reason, TimeoutError):
        return PassingError(f"{host} sends nothing for {timeout:g} s")
    return PassingError(f"the connection to {host} was lost ({detail})")


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https alone, which leaves redirects to us."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _redirected(answer: HTTPError, url: str) -> str:
    """Return where an answer redirects to; raise for any other kind of answer."""
    place = answer.headers.get("Location")
    if answer.code in REDIRECTS and place:
        try:
            return urljoin(url, place)
        except ValueError:  # such as http://[half an address; checked before it is used
            return place
    said = f"{shown(url)} answers {answer.code} {_plain(answer.reason)}".rstrip()
    if answer.code in PASSING:
        raise PassingError(said, answer.code, _wait(answer.headers.get("Retry-After")))
    remedies = {404: "it may have moved", 410: "it is gone", 403: "it is not public"}
    remedy = remedies.get(answer.code, "the server refuses")
    raise DownloadError(
        f"{said}: {remedy}; look for it on the project's page", answer.code
    )


def _plain(text: str) -> str:
    """Return what a server said as a short piece of one line."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(seen.split())[:80]


def _wait(text: str | None) -> float | None:
    """Return the seconds that a Retry-After asks for (a number or a date)."""
    if text is None:
        return None
    try:
        if text.strip().isdigit():
            return float(text)
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
