"""Figures: what is drawn where, what is not drawn, and the text beside the picture."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from evaltools.report import figures, heatmap, house
from evaltools.report.labels import Labels


def lines(axes: Any) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def make(name: str, campaign: Any, labels: Labels, lang: Any = "zh", **options: Any) -> house.ReportFigure:
    """Draw a figure; the heat map, which takes longest, once for each reader."""
    key = (name, id(campaign), lang)
    if options or name != "items":
        return draw(name, campaign, labels, lang, **options)
    if key not in DRAWN:
        DRAWN[key] = draw(name, campaign, labels, lang)
    return DRAWN[key]


DRAWN: dict[Any, house.ReportFigure] = {}


def draw(name: str, campaign: Any, labels: Labels, lang: Any = "zh", **options: Any) -> house.ReportFigure:
    verdicts, composites = campaign.verdicts(), campaign.composite()
    if name == "change":
        return figures.change_figure(composites, verdicts, labels=labels, lang=lang, **options)
    if name == "league":
        return figures.league_figure(composites, verdicts, labels=labels, lang=lang, **options)
    if name == "card":
        return figures.card_figure(
            campaign.dimensions(), verdicts, composites, bank="icbc", labels=labels, lang=lang, **options
        )
    return heatmap.items_figure(campaign.change(), verdicts, labels=labels, lang=lang, **options)


NAMES = ("change", "league", "card", "items")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_draws_without_a_missing_glyph(name: str, lang: Any, campaign: Any, labels: Labels) -> None:
    """matplotlib warns where a glyph is missing, and warnings are errors here."""
    data, meta = make(name, campaign, labels, lang)._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert meta["image/png"]["alt"] == data["text/plain"]
    assert meta["image/png"]["width"] == round(house.WIDTH * house.CSS_DPI)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_drawn_as_they_stand(name: str, hostile: Any, hostile_labels: Labels) -> None:
    drawn = make(name, hostile, hostile_labels)
    drawn.png()
    if name == "change":
        assert '$\\frac{1}{0}$ & "quoted"' in texts(drawn.figure.axes[0])
    if name != "card":
        assert "<img src=x onerror=alert(1)>" in drawn.alt


def test_same_bytes_on_every_run(campaign: Any, labels: Labels) -> None:
    assert make("league", campaign, labels).png() == make("league", campaign, labels).png()


def test_dumbbell_joins_baseline_and_endline_largest_change_first(campaign: Any, labels: Labels) -> None:
    axes = make("change", campaign, labels).figure.axes[0]
    composites = campaign.composite().dropna(subset=["change"]).sort_values("change", ascending=False)
    for place, row in enumerate(composites.itertuples()):
        assert ([row.baseline, row.endline], [place, place]) in lines(axes)
        band = ([row.baseline + row.ci_low, row.baseline + row.ci_high], [place, place])
        assert any(np.allclose(found, band) for found in lines(axes) if len(found[0]) == 2)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_league_draws_both_intervals_and_the_ranks(campaign: Any, labels: Labels) -> None:
    axes = make("league", campaign, labels).figure.axes[0]
    row = campaign.composite().set_index("bank").loc["city"]
    assert ([row["sim_low"], row["sim_high"]], [0, 0]) in lines(axes)
    assert ([row["ci_low"], row["ci_high"]], [0, 0]) in lines(axes)
    assert "+9.6  第1至第7名" in texts(axes)


def test_each_direction_has_its_own_marker_and_colour(campaign: Any, labels: Labels) -> None:
    axes = make("league", campaign, labels).figure.axes[0]
    marks = {
        (line.get_marker(), to_hex(line.get_markeredgecolor())) for line in axes.lines if line.get_marker() != "None"
    }
    assert marks == {("^", house.BETTER.lower()), ("v", house.WORSE.lower()), ("o", house.NEUTRAL.lower())}


def test_colours_are_those_of_seaborns_colorblind_palette() -> None:
    import seaborn as sns

    palette = [to_hex(colour) for colour in sns.color_palette("colorblind")]
    assert palette[0] == house.BETTER.lower()
    assert palette[3] == house.WORSE.lower()


def test_the_scale_of_scores_ends_where_scores_end(campaign: Any, labels: Labels) -> None:
    dimensions = campaign.dimensions()
    dimensions.loc[dimensions["bank"] == "icbc", ["ci_low", "ci_high"]] = [-90.0, 90.0]
    drawn = figures.card_figure(dimensions, campaign.verdicts(), campaign.composite(), bank="icbc", labels=labels)
    low, high = drawn.figure.axes[0].get_xlim()
    assert -5 < low < 0
    assert 100 < high < 105


def test_small_type_has_enough_contrast_on_white() -> None:
    """WCAG 2 asks for 4.5 to 1."""
    from matplotlib.colors import to_rgb

    for colour in house.TEXT_COLOURS.values():
        parts = np.array(to_rgb(colour))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ np.array([0.2126, 0.7152, 0.0722]) + 0.05) >= 4.5


@pytest.mark.parametrize("name", ["change", "league"])
def test_banks_that_are_not_judged_are_named_but_not_drawn(name: str, campaign: Any, labels: Labels) -> None:
    drawn = make(name, campaign, labels)
    axes = drawn.figure.axes[0]
    assert {y for _, ys in lines(axes) for y in ys if y == int(y)} == set(range(9))
    below = "".join(texts(axes)).replace("\n", "")
    for bank in ("policy", "village_a", "village_b"):
        assert labels.bank(bank, "zh") in below
        assert labels.bank(bank, "zh") in drawn.alt


def test_card_of_a_bank_that_is_not_judged_draws_no_number(campaign: Any, labels: Labels) -> None:
    drawn = figures.card_figure(
        campaign.dimensions(), campaign.verdicts(), campaign.composite(), bank="policy", labels=labels
    )
    assert lines(drawn.figure.axes[0]) == []
    assert drawn.alt == "该银行未通过数据门槛，不计算得分变化。"
    data, _ = drawn._repr_mimebundle_()
    assert data["text/html"] == f"<p>{drawn.alt}</p>"
    assert "image/png" not in data


def test_card_has_the_composite_and_every_dimension(campaign: Any, labels: Labels) -> None:
    found = texts(make("card", campaign, labels).figure.axes[0])
    assert all(labels.dimension(one.id, "zh") in found for one in campaign.framework.dimensions)
    assert "综合得分" in found


def test_heat_map_shows_signed_points_of_judged_banks_and_frames_clear_cells(campaign: Any, labels: Labels) -> None:
    axes = make("items", campaign, labels).figure.axes[0]
    changes = campaign.change()
    shown = changes[
        changes["used"] & changes["bank"].isin(["icbc", "abc", "boc", "ccb", "psbc", "rural", "city", "joint", "coop"])
    ]
    assert len(axes.texts) == len(shown)
    assert all(text[0] in "+−0" for text in texts(axes))
    clear = ((shown["ci_low"] > 0) | (shown["ci_high"] < 0)).sum()
    assert len(axes.patches) == clear
    columns = [label.get_text().replace("\n", "") for label in axes.get_xticklabels()]
    assert columns[0] == "云河县工商银行支行"
    assert len(columns) == 9


def test_heat_map_without_cells_says_so(campaign: Any, labels: Labels) -> None:
    changes = campaign.change().assign(used=False)
    assert heatmap.items_figure(changes, campaign.verdicts(), labels=labels).alt == "没有可比较的单项指标。"


def test_text_in_cells_stands_out(campaign: Any, labels: Labels) -> None:
    axes = make("items", campaign, labels).figure.axes[0]
    assert {to_hex(text.get_color()) for text in axes.texts} == {house.INK.lower(), "#ffffff"}


@pytest.mark.parametrize("name", NAMES)
def test_draws_in_the_callers_axes(name: str, campaign: Any, labels: Labels) -> None:
    own = Figure().add_subplot()
    assert make(name, campaign, labels, ax=own).figure is own.get_figure()


def test_names_never_run_into_the_numbers(campaign: Any, labels: Labels) -> None:
    axes = make("change", campaign, labels, "en").figure.axes[0]
    axes.get_figure().savefig(io.BytesIO(), dpi="figure")
    rows: dict[float, list[Any]] = {}
    for text in axes.texts:
        if text.get_transform() is not axes.transAxes:
            rows.setdefault(round(text.get_position()[1], 3), []).append(text.get_window_extent())
    pairs = [boxes for boxes in rows.values() if len(boxes) == 2]
    assert len(pairs) == 9
    assert all(min(a.x1, b.x1) <= max(a.x0, b.x0) for a, b in pairs)


def test_user_settings_of_matplotlib_change_nothing(campaign: Any, labels: Labels) -> None:
    import matplotlib as mpl

    before = make("league", campaign, labels).png()
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red", "font.family": ["serif"]}):
        assert make("league", campaign, labels).png() == before
