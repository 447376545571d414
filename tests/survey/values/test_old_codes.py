"""Numbers of before 2015 are told from a credit code that has lost some signs."""

import pytest
from stdnum.iso7064 import mod_11_10

from evaltools.survey.values.old_codes import old_code


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("110108000000016", "code-registration"),
        ("41070010001234" + mod_11_10.calc_check_digit("41070010001234"), "code-registration"),
        ("D2143569X", "code-organisation"),  # the example of GB 11714
        ("410700D2143569X", "code-tax"),
        ("110108000000017", None),
        ("D21435690", None),
        ("910107000000012", None),  # no region begins with 9, a credit code of a firm does
        ("", None),
    ],
)
def test_an_old_number_is_known_by_its_check_sign(text, fault):
    assert old_code(text) == fault
