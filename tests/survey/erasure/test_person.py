"""Who is one respondent when it comes to forgetting: never too few rows, never somebody else's."""

from evaltools.survey.erasure.person import Known, find_person

KEY = b"k" * 32
CONTACT = ("n1", "p1")


def known(name, *, code=None, firm=None, contact=None, row=None):
    return Known(name, ("file", "", row or hash(name) % 10**6), code, firm or code, contact, None)


def found(given, *records):
    return sorted(find_person(given, records, KEY).responses)


def test_a_row_without_code_is_of_the_only_code_with_its_contact():
    rows = known("a", code="C1", contact=CONTACT), known("b", contact=CONTACT), known("c", code="C2")
    assert found("C1", *rows) == found("a", *rows) == found("b", *rows) == ["a", "b"]


def test_a_contact_of_two_codes_is_nobody_in_particular():
    rows = known("a", code="C1", contact=CONTACT), known("b", contact=CONTACT), known("c", code="C2", contact=CONTACT)
    assert found("C1", *rows) == ["a"]
    assert found("b", *rows) == ["b"]


def test_what_a_person_judged_to_be_another_firm_stays():
    rows = known("a", code="C1", contact=CONTACT), known("b", firm="F2", contact=CONTACT)
    assert found("C1", *rows) == ["a"]


def test_linked_codes_are_one_respondent():
    rows = known("a", code="C1", firm="C1"), known("b", code="C2", firm="C1"), known("c", code="C2", firm="C1")
    assert found("C2", *rows) == ["a", "b", "c"]


def test_a_row_stands_for_itself_in_the_store_and_in_its_file():
    stored, raw = known("a", firm="F1", row=5), known("new id", row=5)
    assert found("F1", stored, raw) == ["a", "new id"]
