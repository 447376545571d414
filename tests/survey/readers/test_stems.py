"""What the headers of adjacent columns begin with: the beginning that most share, then the longest."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.readers.cells import code_cells
from evaltools.survey.readers.links import holds_links
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.stems import find_stems, name_stems


def stems(keys, groups=None, signs=":-"):
    return [(one.start, one.stop, one.text, one.ends) for one in find_stems(keys, groups or ["q"] * len(keys), signs)]


def test_columns_that_share_a_beginning():
    assert stems(["费用:甲", "费用:乙", "意见"]) == [(0, 2, "费用", ("甲", "乙"))]


def test_a_column_alone_has_no_options():
    assert stems(["费用:甲", "意见:乙"]) == []
    assert stems(["费用:甲"]) == []


def test_another_question_ends_the_run():
    assert stems(["费用:甲", "费用:乙", "费用:丙", "费用:丁"], [1, 1, 2, 2]) == [
        (0, 2, "费用", ("甲", "乙")), (2, 4, "费用", ("丙", "丁")),
    ]  # fmt: skip
    assert stems(["a:甲", "a:乙"], [None, None]) == []


def test_signs_within_options():
    assert stems(["年龄-18-25", "年龄-26-35", "年龄-36以上"]) == [(0, 3, "年龄", ("18-25", "26-35", "36以上"))]
    assert stems(["题-甲-一", "题-甲-二"]) == [(0, 2, "题-甲", ("一", "二"))]


def test_a_beginning_without_an_end_is_none():
    assert stems(["费用:", "费用:甲", "费用:乙"]) == [(1, 3, "费用", ("甲", "乙"))]


@given(st.lists(st.text("甲乙:-", max_size=6), min_size=1, max_size=8))
def test_runs_lie_behind_each_other_and_put_together_give_the_headers(keys):
    found = find_stems(keys, ["q"] * len(keys), ":-")
    assert all(one.stop <= other.start for one, other in pairwise(found))
    for one in found:
        assert one.stop - one.start == len(one.ends) >= 2
        for key, end in zip(keys[one.start : one.stop], one.ends, strict=True):
            assert key.startswith(one.text)
            assert key.endswith(end)


@pytest.mark.parametrize(
    ("cells", "is_options"),
    [
        ([[1, 0], [0, 1]], True),
        ([["甲", None], [None, "乙"]], True),
        ([["A.甲", ""], ["", "B、乙"]], True),
        ([[None, None], [None, 1]], True),
        ([[None, None], [None, None]], False),
        ([["乙", None], [None, "甲"]], False),
        ([[5, 4], [3, 5]], False),
        ([[1, 0], [2, 1]], False),
    ],
)
def test_options_say_yes_and_no_or_themselves(cells, is_options):
    columns = [RawColumn(place, key, key, "label", number=1) for place, key in enumerate(("费用:甲", "费用:乙"))]
    found = find_stems([column.key for column in columns], ["q", "q"], ":")
    named, _ = name_stems(columns, found, [code_cells(column) for column in cells])
    assert [(c.key, c.lead, c.option) for c in named] == (
        [("费用", None, "甲"), ("费用", None, "乙")] if is_options else [("甲", "费用", None), ("乙", "费用", None)]
    )


def test_columns_without_a_number_are_rows_only_on_one_scale():
    """贷款-金额 and 贷款-期限 are two questions, whose headers begin alike."""
    columns = [RawColumn(place, key, key, "label") for place, key in enumerate(("贷款-金额", "贷款-期限"))]
    found = find_stems([column.key for column in columns], ["q", "q"], "-")

    def keys(*cells, number=None):
        numbered = [replace(column, number=number) for column in columns]
        return [(c.key, c.lead) for c in name_stems(numbered, found, [code_cells(one) for one in cells])[0]]

    rows = [("金额", "贷款"), ("期限", "贷款")]
    assert keys([100, 250], [12, 24]) == [("贷款-金额", None), ("贷款-期限", None)]
    assert keys(["满意", "一般"], ["一般", None]) == rows
    assert keys([100, 250], [12, 24], number=3) == rows
    assert keys([*range(20)], [*range(20)]) == [("贷款-金额", None), ("贷款-期限", None)]


@pytest.mark.parametrize(
    ("cells", "are"),
    [
        (["https://alifile.wjx.cn/a.png"], True),
        (["https://a.wjx.cn/a.png┋https://b.wjx.cn/b.png", "(跳过)", "-2", None], True),
        (["https://x.cos.ap-beijing.myqcloud.com/a.jpg?q-sign=1"], True),
        (['=HYPERLINK("https://wj.qq.com/api/files/download?a=1")'], True),
        (["https://bank.example/index"], False),
        (["https://a.wjx.cn/a.png", "没有"], False),
        (["(空)", None], False),
        ([], False),
    ],
)
def test_links_to_files_that_were_handed_in(cells, are):
    assert holds_links(code_cells(cells)) is are
