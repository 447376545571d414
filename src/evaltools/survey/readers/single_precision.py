"""Numbers that a file keeps in single precision: 3.85 is stored as 3.8499999046325684, and was meant as 3.85."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Final

EXACT: Final = 2**24
"""From here on single precision leaves out whole numbers."""


def shortest(number: float) -> float:
    """Return the decimal number with the fewest digits that is stored as this one in single precision.

    A whole number is returned as it is stored.
    """
    if number.is_integer():
        return number
    for digits in range(1, 10):
        short = float(f"{number:.{digits}g}")
        # the largest numbers may be rounded to one that single precision does not hold
        with suppress(OverflowError):
            if struct.unpack("f", struct.pack("f", short))[0] == number:
                return short
    return number
