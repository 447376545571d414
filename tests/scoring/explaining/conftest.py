"""Frameworks of ratings, and the steps from small answers to what is explained."""

import pytest

from evaltools.scoring.chain import judge_banks
from evaltools.scoring.preparation import prepare_scoring

UNITS = {
    "points": {"zh": "分", "en": "points", "least": 1, "most": 5},
    "points_10": {"zh": "分", "en": "points", "least": 0, "most": 10},
    "days": "days",
    "share": {"zh": "占比", "en": "share", "least": 0, "most": 1},
}


@pytest.fixture
def rated(make_indicator, make_framework):
    """A framework of five-point means, one for each name, unless told otherwise; weights alike in each dimension."""

    def build(dimensions, *, extra=(), **changes):
        indicators = [
            make_indicator(name, dimension=dimension, weight=1 / len(names), **changes.pop(name, {}))
            for dimension, names in dimensions.items()
            for name in names
        ]
        return make_framework([*indicators, *extra], units=UNITS, **changes)

    return build


@pytest.fixture
def steps(make_banks, start):
    """Prepare answers of firms, and of visits where there are some, and judge the banks."""

    def build(framework, firms, *banks, visits=None, **options):
        answers = {"firms": firms} | ({} if visits is None else {"visits": visits})
        named = banks or tuple(dict.fromkeys(firms["bank"]))
        return judge_banks(prepare_scoring(answers, framework, banks=make_banks(*named), start=start, **options))

    return build
