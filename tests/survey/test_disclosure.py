"""No unit can be told from fewer than k others by what stays visible, and little more is hidden than that takes."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import RefusedError
from evaltools.survey.disclosure import class_of_rows, hide_rare, link_rows, units_by_class

WHERE = ("wave", "bank")
FIELDS = ("wave", "bank", "size", "sector", "stratum")
PARENTS = {"stratum": ("size", "sector")}
K = 3


@st.composite
def ratings(draw):
    """Enterprises with one to four ratings each; values that many share, and some that few do."""
    n = draw(st.integers(K, 30))
    sizes = st.sampled_from(["micro"] * 5 + ["small", "medium"])
    rows = []
    for unit in range(n):
        size, sector = draw(sizes), draw(st.sampled_from(["services", "services", "industry", None]))
        for wave, bank in draw(st.lists(st.tuples(st.integers(1, 2), st.sampled_from("AAAB")), min_size=1, max_size=4)):
            told = draw(st.sampled_from([size, size, size, "small"]))  # some tell another size the second time
            rows.append((f"e{unit}", wave, bank, told, sector, f"{told}/{sector}"))
    order = draw(st.permutations(range(len(rows))))
    return pd.DataFrame([rows[place] for place in order], columns=["unit", *FIELDS])


def protected(frame, k=K):
    link = link_rows(frame, unit="unit", where=WHERE, k=k)
    return link, hide_rare(frame, unit="unit", link=link, fields=FIELDS, k=k, parents=PARENTS)


def looks(frame, link, hidden):
    """What an outsider sees of each link: the set of its rows."""
    shown = frame[list(FIELDS)].astype(object).where(frame[list(FIELDS)].notna(), "-").mask(hidden, "?")
    rows = shown.apply(tuple, axis=1)
    return rows.groupby(link).agg(lambda cells: repr(sorted(cells, key=repr)))


@settings(max_examples=50, deadline=None)
@given(ratings())
def test_every_linked_set_of_rows_looks_like_those_of_k_units(frame):
    link, hidden = protected(frame)
    seen = looks(frame, link, hidden)
    owners = frame["unit"].groupby(link).first()
    assert frame["unit"].groupby(link).nunique().max() == 1
    assert owners.groupby(seen).nunique().min() >= K


@settings(max_examples=40, deadline=None)
@given(ratings())
def test_classes_are_what_an_outsider_cannot_tell_apart(frame):
    link, hidden = protected(frame)
    classes = class_of_rows(frame, unit="unit", link=link, hidden=hidden)
    assert units_by_class(classes, frame["unit"]).min() >= K
    shown = frame[list(FIELDS)].astype(object).where(frame[list(FIELDS)].notna(), "-").mask(hidden, "?")
    assert shown.groupby(classes).nunique().to_numpy().max() == 1


@settings(max_examples=40, deadline=None)
@given(ratings())
def test_a_field_is_hidden_in_all_linked_rows_or_in_none_and_wherever_it_would_be_told(frame):
    link, hidden = protected(frame)
    assert hidden.groupby(link).nunique().to_numpy().max() == 1
    assert hidden.loc[hidden["size"] | hidden["sector"], "stratum"].all()


@settings(max_examples=40, deadline=None)
@given(ratings())
def test_what_is_safe_stays_but_for_the_few_that_others_hide_among(frame):
    """Of a value that k units of a class share, at most 2k - 2 are hidden: those that fill up the hidden ones."""
    link, hidden = protected(frame)
    firsts = pd.DataFrame({"unit": frame["unit"].groupby(link).first(), "rows": frame["unit"].groupby(link).size()})
    node = firsts["rows"].astype(str)
    codes = frame[list(FIELDS)].apply(lambda column: pd.Series(pd.factorize(column, use_na_sentinel=False)[0]))
    codes = codes.sort_values(list(FIELDS)).astype(str)
    for field in ("wave", "bank", "size", "sector"):
        values = codes[field].groupby(link).agg("|".join)
        gone = hidden[field].groupby(link).first()
        sharing = firsts["unit"].groupby([node, values]).transform("nunique")
        needless = firsts[gone & (sharing >= K)]["unit"].groupby(node[gone & (sharing >= K)]).nunique()
        assert (needless <= 2 * K - 2).all()
        node = node + "/" + values.mask(gone, "?")


@settings(max_examples=50, deadline=None)
@given(ratings())
def test_nothing_is_hidden_where_every_firm_has_enough_like_it(frame):
    alike = pd.concat([frame.assign(unit=frame["unit"] + f"-{copy}") for copy in range(K)], ignore_index=True)
    link, hidden = protected(alike)
    assert not hidden.any(axis=None)
    assert link.nunique() == alike["unit"].nunique()


@settings(max_examples=50, deadline=None)
@given(ratings(), st.randoms())
def test_names_of_units_change_nothing(frame, random):
    names = list(frame["unit"].unique())
    others = [f"x{number}" for number in range(len(names))]
    random.shuffle(others)
    renamed = frame.assign(unit=frame["unit"].map(dict(zip(names, others, strict=True))))
    pd.testing.assert_frame_equal(protected(frame)[1], protected(renamed)[1])


def table(text):
    rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(rows[1:], columns=rows[0])


def test_the_least_worth_field_goes_first():
    """Three firms of bank B are of three sizes: the bank stays, the sizes go."""
    frame = table("""
        unit wave bank size sector stratum
        e1   1    A    micro s micro/s
        e2   1    A    micro s micro/s
        e3   1    A    micro s micro/s
        e4   1    B    micro s micro/s
        e5   1    B    small s small/s
        e6   1    B    medium s medium/s
    """)
    _, hidden = protected(frame)
    assert hidden["size"].tolist() == [False] * 3 + [True] * 3
    assert hidden["stratum"].tolist() == [False] * 3 + [True] * 3
    assert not hidden[["wave", "bank", "sector"]].any(axis=None)


def test_one_rare_value_takes_as_many_others_along_as_it_needs_and_no_more():
    frame = table("unit wave bank size sector stratum\n" + "\n".join(
        f"e{n} 1 A {'medium' if n == 0 else 'micro'} s {'medium' if n == 0 else 'micro'}/s" for n in range(9)
    ))  # fmt: skip
    _, hidden = protected(frame)
    assert hidden["size"].tolist() == [True] * 3 + [False] * 6


def test_a_link_that_few_share_is_cut_bank_by_bank_first():
    """e1 alone rated two banks: its ratings of A, in both waves like those of e2 to e4, stay linked; that of B goes."""
    frame = table("""
        unit wave bank size sector stratum
        e1   1    A    m s m/s
        e1   2    A    m s m/s
        e1   1    B    m s m/s
        e2   1    A    m s m/s
        e2   2    A    m s m/s
        e3   1    A    m s m/s
        e3   2    A    m s m/s
        e4   1    A    m s m/s
        e4   2    A    m s m/s
        e5   1    B    m s m/s
        e6   1    B    m s m/s
    """)
    link, hidden = protected(frame)
    assert link[0] == link[1] != link[2]
    assert not hidden.any(axis=None)


def test_links_yield_to_the_bank():
    """e1 alone has a single rating of A: two of those that were in both waves are taken apart to join it."""
    pairs = "\n".join(f"e{n} {wave} A m s m/s" for n in range(2, 8) for wave in (1, 2))
    link, hidden = protected(table("unit wave bank size sector stratum\ne1 1 A m s m/s\n" + pairs))
    assert not hidden.any(axis=None)
    assert (link.value_counts() == 2).sum() == 6 - 3  # wave 2 then needs three single firms as well


def test_a_single_rating_is_never_left_alone_among_linked_ones():
    """e1 alone rated C, and all others are linked: two of them are made single, for e1 to hide among."""
    pairs = "\n".join(f"e{n} {wave} A m s m/s" for n in range(2, 8) for wave in (1, 2))
    link, hidden = protected(table("unit wave bank size sector stratum\ne1 1 C m s m/s\n" + pairs))
    assert (link.value_counts() == 2).sum() == 6 - 2
    assert hidden["bank"][0]


def test_fewer_firms_than_k_are_refused():
    frame = table("unit wave bank size sector stratum\ne1 1 A m s m/s\ne2 1 A m s m/s")
    with pytest.raises(RefusedError, match="disclosure-few: there are 2 units, fewer than the 3"):
        protected(frame)


def test_a_hundred_thousand_rows_take_seconds():
    draw = np.random.default_rng(7)
    n = 100_000
    frame = pd.DataFrame({
        "unit": draw.integers(0, 60_000, n), "wave": draw.integers(0, 2, n), "bank": draw.integers(0, 60, n),
        "size": draw.integers(0, 3, n), "sector": draw.integers(0, 8, n), "stratum": draw.integers(0, 24, n),
    })  # fmt: skip
    start = time.monotonic()
    link, hidden = protected(frame, k=5)
    taken = time.monotonic() - start
    classes = class_of_rows(frame, unit="unit", link=link, hidden=hidden)
    assert units_by_class(classes, frame["unit"]).min() >= 5
    assert taken < 20
