"""Doubtful answers stay in; a verdict that rests on them is marked fragile and says what it would be."""

import pytest

from evaltools.errors import UsageError
from evaltools.scoring.chain import score_campaign

INPUTS = {"files": [], "tables": {}, "seed": 3}


@pytest.fixture
def score(make_indicator, make_framework, make_banks, make_answers, start):
    """Bank a: four firms gain nothing, six others 2 points; bank b: ten firms gain about 1 each."""

    def run(**options):
        still, high = [2.0, 2.6, 3.0, 3.4], [4.6, 4.8, 4.9, 5.0, 4.7, 4.9]
        base = [*still, 2.6, 2.8, 2.9, 3.0, 2.7, 2.9]
        cells = {
            ("a", "baseline"): {"q": base}, ("a", "endline"): {"q": [2.1, 2.5, 3.1, 3.3, *high]},
            ("b", "baseline"): {"q": base},
            ("b", "endline"): {"q": [one + 1 + 0.05 * (k % 3) for k, one in enumerate(base)]},
        }  # fmt: skip
        framework = make_framework([make_indicator("q")])
        return score_campaign(
            {"firms": make_answers(cells, panel=True)}, framework, banks=make_banks("a", "b"), start=start,
            inputs=INPUTS, **options,
        )  # fmt: skip

    return run


def test_a_verdict_that_moves_is_fragile_and_nothing_else_changes(score):
    plain, doubted = score(), score(doubtful={"firms": [f"r{k:04d}" for k in range(15, 21)]})
    assert plain.verdicts["verdict"].tolist() == ["improved", "improved"]
    assert doubted.verdicts["flags"].tolist() == ["fragile:no_detectable_change/cannot_tell", ""]
    assert doubted.verdicts.drop(columns="flags").equals(plain.verdicts.drop(columns="flags"))
    assert doubted.composites.equals(plain.composites)


def test_doubt_without_consequence_leaves_no_flag(score):
    assert score(doubtful={"firms": ["r0021"]}).verdicts["flags"].tolist() == ["", ""]


def test_a_verdict_may_become_one_without_detail(score):
    result = score(doubtful={"firms": [f"r{k:04d}" for k in range(12, 21)]})
    assert result.verdicts.loc[0, "flags"] == "fragile:too_few_data/cannot_tell"


@pytest.mark.parametrize("doubtful", [{"firms": ["r9999"]}, {"visits": ["r0001"]}])
def test_ids_that_are_nobodys_are_refused(score, doubtful):
    with pytest.raises(UsageError, match="doubtful-unknown: 1 ids among the doubtful"):
        score(doubtful=doubtful)
