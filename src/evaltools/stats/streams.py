"""Random streams that are the same on every machine: counter-based, one for each seed and name."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from evaltools.errors import UsageError

LARGEST_SEED = 2**64 - 1
WORDS = 4  # 64-bit numbers that one step of the counter gives


def require_seed(seed: object) -> int:
    """Return the seed, or raise ``option-range`` unless it is a whole number of 64 bits."""
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= LARGEST_SEED:
        raise UsageError("option-range", option="seed", value=repr(seed), low=-1, high=LARGEST_SEED + 1)
    return int(seed)


def require_replicates(replicates: object, least: int) -> int:
    """Return the number of replicates, or raise ``option-range`` unless it is whole and `least` to a million."""
    whole = isinstance(replicates, (int, np.integer)) and not isinstance(replicates, (bool, np.bool_))
    if not whole or not least <= int(replicates) <= 1_000_000:  # type: ignore[call-overload]
        raise UsageError("option-range", option="replicates", value=repr(replicates), low=least - 1, high=1_000_001)
    return int(replicates)  # type: ignore[call-overload,no-any-return]


def open_stream(seed: int, name: str, step: int = 0) -> np.random.Generator:
    """Open the stream of a name at a step of its counter.

    Parameters
    ----------
    seed
        0 .. 2^64 - 1.
    name
        What the numbers are for. Streams of different names are independent of each other.
    step
        How many steps of `WORDS` numbers to leave out, so that any part of a stream can be drawn without the rest.

    Notes
    -----
    Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox).
    """
    word = int.from_bytes(sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    key = np.array([seed, word], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=step))
