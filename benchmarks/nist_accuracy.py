"""Hold mean and standard deviation, as `estimate` gives them, against NIST's certified values.

The standard deviation of a simple random sample is the standard error times the root of n. Each figure is a log
relative error (how many digits are right, 15 at most) beside that of numpy's two-pass computation.

Run: ``python benchmarks/nist_accuracy.py --json build/nist.json``
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats import estimate

DATA = Path(__file__).resolve().parent / "nist" / "univariate.json"
DIGITS = 15  # certified
ROUNDING = 0.5  # digits by which two ways of summing doubles may differ


def read_datasets() -> dict[str, dict[str, Any]]:
    """Return each data set by name: `values` (n,), `mean` and `sd` as certified."""
    given = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        name: {"values": _values(entry), "mean": float(entry["mean"]), "sd": float(entry["sd"])}
        for name, entry in given.items()
    }


def _values(entry: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if "digits" in entry:
        digits = digits_of_pi(entry["digits"])
        digits[entry["place"] - 1] = entry["digit"]
        return np.array(digits, dtype=np.float64)
    return np.array(entry["values"] + entry.get("pair", []) * entry.get("pairs", 0), dtype=np.float64)


def digits_of_pi(count: int) -> list[int]:
    """Return the first digits of pi, 3 first; Machin's formula in whole numbers with ten digits to spare."""
    unit = 10 ** (count + 10)
    number = 4 * (4 * _inverse_arctangent(5, unit) - _inverse_arctangent(239, unit)) // 10**11
    digits: list[int] = []
    while number:
        number, low = divmod(number, 10**1000)  # in pieces: Python limits how long a number it turns into text
        piece = f"{low:01000d}" if number else str(low)
        digits[:0] = [int(digit) for digit in piece]
    return digits


def _inverse_arctangent(x: int, unit: int) -> int:
    total = term = unit // x
    divisor, sign = 1, 1
    while term:
        term //= x * x
        divisor, sign = divisor + 2, -sign
        total += sign * (term // divisor)
    return total


def right_digits(value: float, certified: float) -> float:
    """Return the log relative error, between 0 and 15."""
    if value == certified:
        return float(DIGITS)
    return min(float(DIGITS), max(0.0, -math.log10(abs(value - certified) / abs(certified))))


def measure(values: np.ndarray[Any, np.dtype[np.float64]], mean: float, sd: float) -> dict[str, float]:
    """Return the right digits of mean and standard deviation, here and by two passes of numpy."""
    (row,) = estimate(pd.DataFrame({"y": values}), "y").to_dict("records")
    spread = row["se"] * math.sqrt(values.size)
    return {
        "mean": right_digits(row["estimate"], mean), "mean_two_pass": right_digits(float(values.mean()), mean),
        "sd": right_digits(spread, sd), "sd_two_pass": right_digits(float(values.std(ddof=1)), sd),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    chosen = parser.parse_args()
    found = {name: measure(**entry) for name, entry in read_datasets().items()}
    print(f"{'':10}{'mean':>8}{'two-pass':>10}{'sd':>8}{'two-pass':>10}")
    for name, digits in found.items():
        print(
            f"{name:10}{digits['mean']:8.1f}{digits['mean_two_pass']:10.1f}{digits['sd']:8.1f}{digits['sd_two_pass']:10.1f}"
        )
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    worse = [
        name
        for name, digits in found.items()
        if any(digits[what] < digits[f"{what}_two_pass"] - ROUNDING for what in ("mean", "sd"))
    ]
    if worse:
        print("fewer digits than two passes:", ", ".join(worse))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
