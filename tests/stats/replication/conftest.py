"""A sample of two waves small enough to recompute by loops."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from evaltools.stats import Design


@pytest.fixture(scope="session")
def firms(draw: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Sixty firms in three strata; some in both waves, some rate two banks, answers missing, one 0/1 item."""
    frame = draw(11, firms=60)
    frame["solved"] = (frame["days"] < 10).astype(float).where(frame["days"].notna())
    return frame


@pytest.fixture
def patterns() -> Design:
    return Design(weight="weight", stratum="stratum", psu="firm", overlap="pattern")
