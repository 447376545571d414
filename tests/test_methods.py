"""The methods page: every function has its section in both languages, and every test that it names is there."""

import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from evaltools import stats

ROOT = Path(__file__).parents[1]
TOPICS = ROOT / "docs" / "methods"
ENGLISH = sorted(path for path in TOPICS.glob("*.md") if not path.name.endswith(".zh-CN.md"))
FUNCTIONS = [name for name in stats.__all__ if not inspect.isclass(getattr(stats, name))]
RECORDS = [name for name in stats.__all__ if name not in FUNCTIONS]
LINES = {"en": r"^Tests?: (.+)$", "zh": r"^检验：(.+)$"}


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


def chinese(path):
    return path.with_name(f"{path.stem}.zh-CN.md")


def named_tests(text, language):
    lines = re.findall(LINES[language], text, flags=re.MULTILINE)
    return [test for line in lines for test in re.findall(r"`([^`]+::[^`]+)`", line)]


def headings(path):
    """Levels of all headings in order; a heading that is a name is told by it, another is in its own language."""
    found = re.findall(r"^(#+) (.+)$", text_of(path), flags=re.MULTILINE)
    return [(len(level), title if title.startswith("`") else "") for level, title in found]


def sections(name, paths):
    return [path.name for path in paths if re.search(rf"^### `{name}`$", text_of(path), flags=re.MULTILINE)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_one_section_in_each_language(name):
    assert len(sections(name, ENGLISH)) == 1, sections(name, ENGLISH)
    assert len(sections(name, [chinese(path) for path in ENGLISH])) == 1


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_named_where_it_is_explained(name):
    for paths in (ENGLISH, [chinese(path) for path in ENGLISH]):
        assert any(f"`{name}`" in text_of(path) for path in paths)


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_both_languages_have_the_same_sections_in_the_same_order(path):
    assert chinese(path).is_file()
    assert headings(chinese(path)) == headings(path)


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_every_section_names_a_test_and_both_languages_the_same(path):
    named = {}
    for language, page in (("en", path), ("zh", chinese(path))):
        parts = re.split(r"^### (?=`)", text_of(page), flags=re.MULTILINE)[1:]
        named[language] = [named_tests(part, language) for part in parts]
        for part, tests in zip(parts, named[language], strict=True):
            assert tests, f"{page.name}: {part.splitlines()[0]} names no test"
    assert named["en"] == named["zh"]


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_the_tests_that_are_named_exist(path):
    for test in named_tests(text_of(path), "en"):
        file, _, function = test.partition("::")
        assert (ROOT / file).is_file(), test
        assert f"def {function.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test


@pytest.mark.parametrize("page", ["methods.md", "methods.zh-CN.md"])
def test_the_index_lists_every_topic(page):
    text = text_of(TOPICS.parent / page)
    linked = re.findall(r"\]\(methods/([\w.-]+)\)", text)
    expected = [chinese(path).name if "zh-CN" in page else path.name for path in ENGLISH]
    assert sorted(linked) == sorted(expected)


def test_no_section_explains_a_name_that_is_gone():
    for path in ENGLISH:
        for name in re.findall(r"^### `(\w+)`$", text_of(path), flags=re.MULTILINE):
            assert name in stats.__all__ or path.stem == "scoring", f"{path.name}: {name}"
