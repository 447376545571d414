"""Names and telephones as they are compared, and what a reviewer sees of them."""

import pytest

from evaltools.survey.identity.names import (
    comparable_name,
    comparable_phone,
    masked_name,
    masked_phone,
    similar_names,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("云河县青禾商贸（河南）有限公司", "云河县青禾商贸(河南) 有限公司"),
        ("ＡＢＣ Trading Co., Ltd.", "abc trading co ltd"),
        ("青禾·商贸", "青禾商贸\u200e"),
    ],
)
def test_signs_that_say_nothing_do_not_part_two_names(one, other):
    assert comparable_name(one) == comparable_name(other)


@pytest.mark.parametrize("phone", ["13800138000", "+86 138-0013-8000", "0086 13800138000", "１３８００１３８０００"])
def test_a_telephone_is_its_digits(phone):
    assert comparable_phone(phone) == "13800138000"


@pytest.mark.parametrize("text", ["无", "123456", "-"])
def test_what_is_too_short_for_a_telephone_is_none(text):
    assert comparable_phone(text) is None


def test_nothing_is_left_of_a_name_of_signs():
    assert comparable_name("——") is None


def test_names_are_similar_without_their_legal_form_but_not_with_another_number():
    known = {"a": "云河县青禾商贸有限公司", "b": "云河县青禾2号商贸有限公司", "c": "南岸机械厂"}
    assert similar_names({"x": "云河县青禾商贸有限责任公司"}, known) == [("x", "a", 100.0)]
    assert [pair[1] for pair in similar_names({"x": "云河县青禾3号商贸有限公司"}, known)] == []
    assert [pair[1] for pair in similar_names({"x": "青禾商贸有限公司"}, known)] == ["a"]  # the county was left out


def test_a_reviewer_sees_two_signs_of_a_name_and_two_digits_of_a_telephone():
    assert masked_name("云河县青禾商贸有限公司") == "云…贸"
    assert masked_name("青禾有限公司") == "青…"
    assert masked_phone("13800138012") == "…12"
