"""How long a busy server asks us to wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_pause(header: str | None, now: datetime | None = None) -> float | None:
    """Read a ``Retry-After``: seconds from now, at least 0; None where there is none that can be read.

    Parameters
    ----------
    header
        A whole number of seconds, or a date of HTTP (RFC 9110, 10.2.3).
    now
        The time to count from, with its zone; None: the clock's.
    """
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - (now or datetime.now(UTC))).total_seconds(), 0.0)
