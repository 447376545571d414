"""`Design`: one frozen record; what it does not offer is named."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"calibration": "rake"}, "option-not-offered: calibration = 'rake' is not offered"),
        ({"replicates": 200}, r"option-value: replicates cannot be 200; choose one of: Replicates\(...\)"),
        ({"lonely_psu": "drop"}, "option-value: lonely_psu cannot be 'drop'; choose one of: fail, remove, adjust"),
        ({"overlap": "none"}, "option-value: overlap cannot be 'none'; choose one of: union, pattern"),
        ({"df": 12}, "option-value: df cannot be 12; choose one of: design, domain"),
        ({"weight": 3}, "design-column: weight of Design must name a column, but is 3"),
        ({"stratum": ("a", "b")}, "design-column: stratum"),
        ({"psu": ()}, r"design-column: psu of Design must name a column, but is \(\)"),
        ({"fpc": ("a", 1)}, "design-column: fpc"),
        ({"psu": ("a", "b"), "fpc": "n"}, "design-stages: psu has 2 stages but fpc has 1"),
    ],
)
def test_what_is_not_offered_is_named(options, words):
    with pytest.raises(UsageError, match=words):
        Design(**options)


def test_columns_by_stage():
    assert Design(psu="firm").psu_columns == ("firm",)
    assert Design(psu=["town", "village"], fpc=["towns", "villages"]).fpc_columns == ("towns", "villages")
    assert Design().psu_columns == ()


def test_it_is_frozen_and_compares_by_value():
    assert Design(psu="firm") == Design(psu="firm")
    with pytest.raises(FrozenInstanceError, match="psu"):
        Design().psu = "firm"
