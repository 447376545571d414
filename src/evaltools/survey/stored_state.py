"""What a campaign has stored: tables with version and rows, accepted answers by wave and instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaltools.store import Store
from evaltools.survey.versions.old_forms import old_forms


def describe_store(store: Store, wave_names: Sequence[str]) -> dict[str, Any]:
    """Return ``tables``, ``waves``, ``firm_pairs_open`` and ``old_forms``; `wave_names` are listed also when empty."""
    counts = store.row_counts()
    responses = store.read("responses", ["wave", "instrument", "status"]).to_pandas()
    accepted = responses[responses["status"] == "accepted"].groupby(["wave", "instrument"]).size()
    waves: dict[str, dict[str, int]] = {name: {} for name in wave_names}
    for (wave, instrument), count in accepted.items():
        waves.setdefault(wave, {})[instrument] = int(count)
    tables = [{"name": name, "version": at, "rows": counts[name]} for name, at in store.versions().items()]
    decisions = store.read("firm_pairs", ["decision"]).column("decision")
    forms = old_forms(store).to_dict("records")
    return {"tables": tables, "waves": waves, "firm_pairs_open": decisions.null_count, "old_forms": forms}
