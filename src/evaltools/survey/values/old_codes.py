"""Numbers that firms had before the unified social credit code and that old lists still hold, by their check signs.

A credit code that has lost some signs may look like one of them; its check sign then fits only by chance.
"""

from __future__ import annotations

import re
from typing import Final

from stdnum.iso7064 import mod_11_10

_REGISTRATION: Final = re.compile(r"[1-8][0-9]{14}")
_TAX: Final = re.compile(r"[1-8][0-9]{5}[0-9A-Z]{8}[0-9X]")
_ORGANISATION: Final = re.compile(r"[0-9A-Z]{8}[0-9X]")
_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def old_code(text: str) -> str | None:
    """Return the fault that names an old number; None for anything else.

    Returns
    -------
    str or None
        ``code-registration``: 15 digits of the registration (check digit by ISO 7064 MOD 11,10); ``code-tax``: region
        and organisation code; ``code-organisation``: 9 signs (GB 11714, check sign modulo 11).
    """
    if _REGISTRATION.fullmatch(text) and mod_11_10.is_valid(text):
        return "code-registration"
    if _TAX.fullmatch(text) and _is_organisation(text[6:]):
        return "code-tax"
    if _ORGANISATION.fullmatch(text) and _is_organisation(text):
        return "code-organisation"
    return None


def _is_organisation(text: str) -> bool:
    total = sum(int(sign, 36) * weight for sign, weight in zip(text, _WEIGHTS, strict=False))
    return "0123456789X0"[11 - total % 11] == text[8]
