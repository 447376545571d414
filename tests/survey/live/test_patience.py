"""Retry-After."""

from datetime import UTC, datetime

import pytest

from evaltools.survey.live.patience import asked_pause

NOW = datetime(2022, 10, 3, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Mon, 03 Oct 2022 08:00:30 GMT", 30.0),
        ("Mon, 03 Oct 2022 16:00:30 +0800", 30.0),
        ("Mon, 03 Oct 2022 08:00:30", 30.0),
        ("Mon, 03 Oct 2022 07:00:00 GMT", 0.0),
        ("Mon, 99 Oct 2022 08:00:30 GMT", None),
        ("9" * 40, None),
        ("１２", None),
    ],
)
def test_seconds_or_a_date(header, seconds):
    assert asked_pause(header, NOW) == seconds
