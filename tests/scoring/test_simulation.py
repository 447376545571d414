"""Does the whole chain keep its promises when the truth is known? Small; the full study is in benchmarks."""

import numpy as np
import pandas as pd
import pytest

from evaltools.scoring.changes import measure_changes
from evaltools.scoring.composite import score_composites
from evaltools.scoring.gate import check_gate
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.verdicts import judge_verdicts

VISIT = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}
BANKS = {f"b{k:02d}": n for k, n in enumerate([12, 15, 15, 20, 20, 25, 30, 30, 40, 40, 60, 60])}
GAIN = 1.0  # on a five-point scale, of the last bank when it changed: 21 points of the composite


def draw(rng, *, gain):
    """One campaign: half the firms in both waves, firm effects, four strata, three visits a wave of four branches."""
    firms, visits = [], []
    for bank, n in BANKS.items():
        level = rng.normal(0, 0.6, 2 * n)
        branch = rng.normal(0, 0.4, 4)
        for wave in (0, 1):
            firm = np.arange(n) + wave * (n // 2)
            lift = gain * wave * (bank == "b11")
            part = pd.DataFrame({item: 3 + level[firm] + lift + rng.normal(0, 0.7, n) for item in "pq"})
            part["psu"] = [f"{bank}-{k}" for k in firm]
            part["stratum"] = [f"h{k % 4}" for k in firm]
            firms.append(part.assign(bank=bank, wave=("baseline", "endline")[wave]))
            part = pd.DataFrame({"v": 3 + branch[wave : wave + 3] + rng.normal(0, 0.7, 3)})
            part["branch"] = [f"br{k}" for k in range(wave, wave + 3)]
            visits.append(part.assign(bank=bank, wave=("baseline", "endline")[wave], mode="visit"))
    tables = {"firms": pd.concat(firms, ignore_index=True), "visits": pd.concat(visits, ignore_index=True)}
    for table in tables.values():
        table["response_id"] = [f"r{k}" for k in range(len(table))]
    return tables


@pytest.mark.parametrize(("gain", "improved"), [(0.0, 0.0), (GAIN, 0.85)])
def test_intervals_cover_and_false_verdicts_are_rare(gain, improved, make_indicator, make_framework, make_banks, start):
    """12 campaigns of 12 banks: coverage 95 % less three Monte Carlo errors; false verdicts 5 % plus three."""
    framework = make_framework(
        [make_indicator("p", weight=0.5), make_indicator("q", weight=0.35), make_indicator("v", weight=0.15, **VISIT)],
        gate={"answers": 10, "psus": 8, "min_cell": 5, "branches": 3},
    )
    rng = np.random.default_rng(20221130)
    truth = np.array([0.0] * 11 + [gain * 25 * 0.85])
    covered, false, found, runs = [], 0, 0, 12
    for _ in range(runs):
        data = prepare_scoring(draw(rng, gain=gain), framework, banks=make_banks(*BANKS), start=start)
        gate = check_gate(data)
        changes = measure_changes(data, gate)
        composites = score_composites(data, gate, changes)
        verdicts = judge_verdicts(framework, gate, changes, composites)["verdict"]
        low, high = composites.frame["ci_low"].to_numpy(), composites.frame["ci_high"].to_numpy()
        covered.append((low <= truth) & (truth <= high))
        unchanged = verdicts[:11] if gain else verdicts
        false += bool(unchanged.isin(["improved", "worsened"]).any())
        found += verdicts.iloc[11] == "improved"
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / (runs * len(BANKS)))
    assert false / runs < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert found / runs >= improved
