"""Power of McNemar's test: by simulation, against the normal approximation, and the number that is needed."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.stats import mcnemar, power_pairs


def test_five_pairs_have_no_power():
    assert power_pairs(5, 0.1, 0.6).power == 0
    assert power_pairs(6, 0.1, 0.6).power == pytest.approx(0.6**6 + 0.1**6)


def test_simulated():
    """20,000 samples of 25 pairs: within .01, three Monte Carlo errors."""
    rng = np.random.Generator(np.random.Philox(key=2))
    drawn = rng.multinomial(25, [0.1, 0.4, 0.5], size=20_000)
    assert power_pairs(25, 0.1, 0.4).power == pytest.approx(
        (mcnemar(drawn[:, 0], drawn[:, 1]).p <= 0.05).mean(), abs=0.01
    )


def test_the_size_stays_below_the_level():
    for n in range(6, 80, 7):
        assert power_pairs(n, 0.15, 0.15).power == pytest.approx(power_pairs(n, 0.15, 0.15).size)
        assert power_pairs(n, 0.15, 0.15).size <= 0.05


def test_directions_are_alike():
    assert power_pairs(30, 0.1, 0.4).power == pytest.approx(power_pairs(30, 0.4, 0.1).power)


def test_the_number_that_is_needed_stays_enough():
    found = power_pairs(None, 0.05, 0.3, power=0.8)
    assert found.power >= 0.8
    assert power_pairs(found.n - 1, 0.05, 0.3).power < 0.8
    assert all(power_pairs(found.n + more, 0.05, 0.3).power >= 0.8 for more in range(1, 40))


def test_the_normal_approximation():
    """Connor (1987): n = (1.96 sqrt(.5) + .8416 sqrt(.5 - .09))^2/.09 = 41.2, so 42; the exact test needs more."""
    found = power_pairs(None, 0.1, 0.4, power=0.8, exact=False)
    assert found.n == 42
    assert found.size == 0.05
    assert power_pairs(None, 0.1, 0.4, power=0.8).n > 42
    assert power_pairs(2_000, 0.1, 0.13).power == pytest.approx(
        power_pairs(2_000, 0.1, 0.13, exact=False).power, abs=0.02
    )


def test_what_is_refused():
    with pytest.raises(
        UsageError, match="power-unknown: leave out exactly one of these, which is then found: n, power"
    ):
        power_pairs(20, 0.1, 0.2, power=0.8)
    with pytest.raises(UsageError, match=r"power-out-of-reach: a change of 0.0 "):
        power_pairs(None, 0.2, 0.2, power=0.8)
    with pytest.raises(UsageError, match=r"power-out-of-reach: .* even with 2000"):
        power_pairs(None, 0.2, 0.21, power=0.8)
    with pytest.raises(UsageError, match=r"option-range: p10 \+ p01"):
        power_pairs(20, 0.6, 0.5)
    with pytest.raises(UsageError, match="option-range: n "):
        power_pairs(0, 0.1, 0.2)
    with pytest.raises(UsageError, match="option-range: p10 "):
        power_pairs(20, 0.0, 0.2)
