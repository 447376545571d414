"""Links and doubtful pairs follow from what responses say, whatever their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import CampaignError
from evaltools.survey.identity.linking import Entry, find_links


def entry(name, wave="baseline", code=None, firm=None, phone=None):
    return Entry(name, wave, code, firm, phone, f"t-{name}")


A = entry("a", code="C1", firm="qinghe", phone="555")


def test_the_same_code_is_the_same_firm_and_nothing_is_in_doubt():
    links = find_links([A, entry("b", "endline", code="C1", firm="other", phone="777")], {})
    assert (links.enterprise, links.pairs) == ({"a": "C1", "b": "C1"}, ())


def test_without_a_code_the_same_name_and_telephone_link():
    links = find_links([A, entry("b", "endline", firm="qinghe", phone="555")], {})
    assert (links.enterprise["b"], links.pairs) == ("C1", ())


def test_two_firms_without_code_are_one_over_the_waves_under_a_pseudonym_of_their_own():
    rows = [entry("a", firm="qinghe", phone="555"), entry("b", "endline", firm="qinghe", phone="555")]
    links = find_links(rows, {})
    assert links.enterprise["a"] == links.enterprise["b"]
    assert len(links.enterprise["a"]) == 24
    assert links.enterprise["a"] not in ("qinghe", "555")


def test_a_contact_of_two_codes_links_to_neither():
    rows = [A, entry("b", code="C2", firm="qinghe", phone="555"), entry("c", "endline", firm="qinghe", phone="555")]
    links = find_links(rows, {})
    assert links.enterprise["c"] not in ("C1", "C2")
    assert {pair.reason for pair in links.pairs} == {"codes-differ", "codes-several"}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (entry("b", "endline", code="C2", firm="qinghe", phone="555"), "codes-differ"),
        (entry("b", "endline", code="C2", firm="other", phone="555"), "phone-same"),
        (entry("b", "endline", code="C2", firm="qinghe", phone="777"), "name-same"),
        (entry("b", "endline", firm="other", phone="555"), "phone-same"),
        (entry("b", "baseline", firm="qinghe"), "name-same"),
        (entry("b", "baseline", code="C2", firm="qinghe", phone="777"), None),  # two codes in one wave: two firms
        (entry("b", "endline", code="C2", firm="other", phone="777"), None),
    ],
)
def test_what_is_alike_but_not_sure_is_a_pair_and_no_link(other, reason):
    links = find_links([A, other], {})
    assert [pair.reason for pair in links.pairs] == ([reason] if reason else [])
    assert links.enterprise["b"] != "C1"


def test_similar_names_are_a_pair_with_their_similarity():
    links = find_links([A, entry("b", "endline", firm="qinhe", phone="777")], {}, [("b", "a", 92.0)])
    assert [(pair.reason, pair.similarity) for pair in links.pairs] == [("name-similar", 92.0)]


def test_a_decision_links_or_holds_apart_and_stays_listed():
    rows = [A, entry("b", "endline", code="C2", firm="qinghe", phone="777")]
    [pair] = find_links(rows, {}).pairs
    assert find_links(rows, {pair.ref: True}).enterprise["b"] == "C1"
    assert find_links(rows, {pair.ref: False}).enterprise["b"] == "C2"
    assert [one.ref for one in find_links(rows, {pair.ref: True}).pairs] == [pair.ref]


def test_different_undoes_what_would_have_been_linked():
    rows = [A, entry("b", "endline", firm="qinghe", phone="555")]
    ref = "-".join(sorted(firm_refs(rows)))
    assert find_links(rows, {ref: False}).enterprise["b"] != "C1"


def firm_refs(rows):
    from evaltools.survey.identity.linking import firm_ref

    return {firm_ref(one.firm) for one in rows}


def test_decisions_that_contradict_each_other_are_refused():
    rows = [entry(name, wave, firm=name, phone=None) for name, wave in (("a", "w1"), ("b", "w2"), ("c", "w3"))]
    similar = [("a", "b", 90.0), ("b", "c", 90.0), ("a", "c", 90.0)]
    refs = {(pair.left, pair.right): pair.ref for pair in find_links(rows, {}, similar).pairs}
    first, second, third = (refs[pair] for pair in sorted(refs))
    with pytest.raises(CampaignError, match="review-contradiction"):
        find_links(rows, {first: True, second: True, third: False}, similar)


def test_a_telephone_that_many_firms_give_says_nothing():
    rows = [entry(f"r{n}", firm=f"firm{n}", phone="555") for n in range(8)]
    assert find_links(rows, {}).pairs == ()


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["baseline", "endline"]),
        st.sampled_from([None, "C1", "C2", "C3"]),
        st.sampled_from([None, "n1", "n2"]),
        st.sampled_from([None, "p1", "p2"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_responses_changes_nothing(rows, random):
    entries = [Entry(f"r{n}", *row, f"t{n}") for n, row in enumerate(rows)]
    mixed = entries.copy()
    random.shuffle(mixed)
    one, other = find_links(entries, {}), find_links(mixed, {})
    assert one.enterprise == other.enterprise
    assert one.pairs == other.pairs
    for first in entries:
        assert first.code is None or one.enterprise[first.response_id] == first.code  # a code is never overruled
