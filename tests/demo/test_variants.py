import json

import numpy as np
import pytest

from demo_model import draw_sample
from demo_plan import BANKS, VARIANTS, WAVES
from demo_records import answers_frame, visits_frame


def _answers(variant, seed=5):
    return answers_frame(draw_sample(seed, variant), VARIANTS[variant])


@pytest.fixture(scope="module")
def base():
    return _answers("base")


def test_each_bank_has_its_planned_ratings_and_half_of_its_firms_in_both_waves(base):
    for bank in BANKS:
        own = base[base["bank"] == bank.id]
        firms = {wave: set(part["psu"]) for wave, part in own.groupby("wave")}
        assert {wave: len(part) for wave, part in own.groupby("wave")} == dict.fromkeys(WAVES, bank.n)
        assert len(firms["baseline"]) == bank.n
        assert len(firms["baseline"] & firms["endline"]) == (bank.n + 1) // 2


def test_some_firms_rate_two_banks_and_a_firm_has_one_stratum(base):
    banks = base.groupby("psu")["bank"].nunique()
    assert 20 <= (banks == 2).sum() <= 70
    assert banks.max() == 2
    assert (base.groupby("psu")["stratum"].nunique() == 1).all()


def test_visits_are_the_same_places_and_scenarios_in_both_waves():
    visits = visits_frame(draw_sample(5, "base"), VARIANTS["base"])
    keys = ["bank", "branch", "scenario", "announced"]
    waves = [part[keys].sort_values(keys, ignore_index=True) for _, part in visits.groupby("wave")]
    assert waves[0].equals(waves[1])
    for bank in BANKS:
        own = visits[visits["bank"] == bank.id]
        assert own["branch"].nunique() == bank.branches
        assert 4 <= len(own) / 2 == bank.visits <= 8


def test_answers_hang_together(base):
    asked = base["applied"] == "yes"
    assert base.loc[~asked, ["steps", "sat_time", "event_date"]].isna().all(axis=None)
    assert base.loc[base["approved"].isin(["no", "pending"]), ["days_to_money", "rate"]].isna().all(axis=None)
    assert base.loc[base["approved"] == "pending", "days_to_decision"].isna().all()
    later = base["days_to_money"] > base["days_to_decision"]
    assert later[base["days_to_money"].notna() & base["days_to_decision"].notna()].all()
    free = base["fees"].map(lambda fees: fees is None or fees == ("none",))
    assert base.loc[free, "fee_amount"].isna().all()
    assert (base["application_date"].isna() | (base["application_date"] <= base["submitted_at"])).all()


def test_some_applications_lie_outside_the_recall_window_or_have_no_date(base):
    asked = base[base["applied"] == "yes"]
    early = asked["event_date"] < "2022-09-28"
    inside = early == (asked["wave"] == "baseline")
    assert 0.03 < asked["event_date"].isna().mean() < 0.08
    assert 0.05 < (~inside & asked["event_date"].notna()).mean() < 0.25


def test_modes_of_one_bank_are_disjoint_between_the_waves_when_confounded():
    own = _answers("mode_confounded").query("bank == 'yunhe-city'")
    assert set(own.loc[own["wave"] == "baseline", "mode"]) == {"self"}
    assert set(own.loc[own["wave"] == "endline", "mode"]) == {"interviewer"}
    others = _answers("mode_confounded").query("bank == 'changhe'")
    assert set(others.groupby("wave")["mode"].nunique()) == {2}


def test_clients_of_one_bank_are_others_at_the_endline_when_the_mix_shifts():
    share = _answers("mix_shift").query("bank == 'yunhe-city'").assign(micro=lambda rows: rows["firm_size"] == "micro")
    before, after = share.groupby("wave")["micro"].mean()
    assert before - after > 0.05


def test_answers_about_time_are_missing_more_often_when_missing_moves():
    asked = _answers("missing_moved").query("bank == 'chenxi' and applied == 'yes'")
    before, after = asked["sat_time"].isna().groupby(asked["wave"]).mean()
    assert after - before > 0.15


def test_stuffed_answers_are_one_vector_from_one_address_within_an_hour(written):
    answers = _answers("stuffed")
    own = answers[(answers["bank"] == "xingzhu") & (answers["wave"] == "endline")]
    assert len(own) == 24 + 12
    stuffed = own.iloc[-12:]
    assert set(stuffed["stratum"]) == {"micro/industry"}
    assert set(stuffed["channel"]) == {"qr"}
    assert np.ptp(stuffed["submitted_at"].astype("int64")) < 3600e9
    signals = [
        one
        for one in json.loads((written("stuffed") / "truth.json").read_text("utf-8"))["findings"]
        if one["kind"] == "signal"
    ]
    assert len(signals) == 12
    assert {(one["rule"], one["bank"]) for one in signals} == {("stuffed", "xingzhu")}


def test_variants_differ_from_base_only_where_they_say_so(base):
    moved = _answers("common_shift")
    assert moved[["psu", "stratum", "wave", "mode"]].equals(base[["psu", "stratum", "wave", "mode"]])
    before, after = (frame[frame["wave"] == "baseline"] for frame in (base, moved))
    assert before["sat_access"].equals(after["sat_access"])
    assert not base["sat_access"].equals(moved["sat_access"])


def test_clean_has_the_answers_of_base_without_the_gaps(base):
    clean = _answers("clean")
    told = base["sat_access"].notna()
    assert clean["sat_access"].notna().all()
    assert clean.loc[told, "sat_access"].equals(base.loc[told, "sat_access"])
    assert 0.02 < 1 - told.mean() < 0.10
