"""One campaign drawn from the superpopulation behind the demonstration."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from demo_draws import IntArray
from demo_plan import VARIANTS
from demo_survey import draw_rating_codes, draw_ratings
from demo_visits import draw_visit_codes, draw_visits


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One drawn campaign: a row a rating (`survey`) or a visit (`visits`), and the code of each item (< 0: missing)."""

    survey: pd.DataFrame
    survey_codes: dict[str, IntArray]
    visits: pd.DataFrame
    visit_codes: dict[str, IntArray]


def draw_sample(seed: int, variant_name: str, *, scale: int = 1) -> Sample:
    """Draw one campaign; `scale` multiplies the ratings and the branches, to hold means against expectations."""
    survey = draw_ratings(seed, variant_name, scale)
    visits = draw_visits(seed, VARIANTS[variant_name], scale)
    return Sample(
        survey,
        draw_rating_codes(seed, variant_name, survey),
        visits,
        draw_visit_codes(seed, variant_name, visits),
    )
