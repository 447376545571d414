"""Write the demonstration campaign: `python make_demo.py --seed 20221130 --out DIR [--variant base]`.

Writes DIR/campaign.toml, DIR/raw/ and DIR/truth.json. The same seed and variant give the same bytes. The truth is for
tests alone: nothing else reads it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demo_files import header_of, render_file
from demo_findings import findings
from demo_mess import RawFile, plan_files
from demo_model import draw_sample
from demo_plan import VARIANTS, find_variant
from demo_records import survey_records, visit_records
from demo_toml import campaign_text
from demo_truth import read_framework_file, true_changes
from evaltools.content import find_content
from evaltools.survey.instrument import Instrument, read_instrument

FRAMEWORK = "credit_2022"
COMMENTS = {
    "list": "企业自填，按名录发送链接，问卷星按文本导出。 Self-completed by a link sent to the list; 问卷星, texts.",
    "qr": "企业自填，网点二维码，问卷星按文本导出。 Self-completed by QR code at the branch; 问卷星, texts.",
    "field": "访员用平板入户，Kobo 导出，含分组路径。 Interviewers with tablets; Kobo, XML names with group paths.",
    "visit": "明察暗访走流程，表格另存为 csv（GB18030）。 Mystery visits, a spreadsheet saved as csv in GB18030.",
}
INSTRUMENTS = {"wjx": "enterprise_satisfaction", "kobo": "enterprise_satisfaction", "csv": "mystery_visit"}


def make_demo(folder: Path, *, seed: int, variant_name: str = "base") -> None:
    """Write one campaign into a folder.

    Raises
    ------
    ValueError
        An unknown variant; the message lists the known ones.
    FileExistsError
        The folder has raw files of another seed.
    """
    variant = find_variant(variant_name)
    sample = draw_sample(seed, variant_name)
    files = plan_files(survey_records(sample, variant, seed), visit_records(sample, variant), variant, seed)
    instruments = {name: read_instrument(name) for name in set(INSTRUMENTS.values())}
    rendered = [(file, *render_file(file, instruments[INSTRUMENTS[file.layout]], seed)) for file in files]
    placed = [(file, path) for file, path, _ in rendered]
    _refuse_leftovers(folder, [path for _, path in placed])
    sources = [source(file, path, instruments) for file, path in placed]
    truth = {"findings": findings(placed), "changes": changes(variant_name)}
    contents = {path: content for _, path, content in rendered}
    contents["campaign.toml"] = campaign_text(variant.banks, sources, seed, variant_name).encode("utf-8")
    contents["truth.json"] = (json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _refuse_leftovers(folder: Path, paths: Sequence[str]) -> None:
    """Refuse a folder whose raw files are not those about to be written: the patterns would match both."""
    there = {path.relative_to(folder).as_posix() for path in (folder / "raw").rglob("*") if path.is_file()}
    if other := sorted(there - set(paths)):
        raise FileExistsError(f"{folder} holds other raw files: {', '.join(other)}; choose an empty folder")


def source(file: RawFile, path: str, instruments: Mapping[str, Instrument]) -> dict[str, Any]:
    """Return the `[[sources]]` table of a raw file; the pattern leaves the counts and stamps of its name open."""
    instrument = instruments[INSTRUMENTS[file.layout]]
    return {
        "comment": COMMENTS[file.channel],
        "pattern": re.sub(r"_[0-9]+_[0-9]+(?=\.xlsx$)|-[0-9]{2}(-[0-9]{2}){4}(?=\.xlsx$)", "*", path),
        "instrument": instrument.name, "wave": file.wave, "mode": file.mode, "channel": file.channel,
        "tool": {"wjx": "wjx", "kobo": "kobo", "csv": "spreadsheet"}[file.layout],
        "absent": file.absent, "recode": file.recoded,
        "columns": {question: header_of(file, instrument, question) for question in file.renamed},
    }  # fmt: skip


def changes(variant_name: str) -> dict[str, Any]:
    """Return the true change of each bank under the framework of the demonstration, rounded to nine decimals."""
    framework = find_content("frameworks", FRAMEWORK, ".toml").read_text(encoding="utf-8")
    return _rounded(true_changes(read_framework_file(framework), variant_name))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 9) + 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and write one campaign."""
    variants = "\n".join(f"  {name:16} {variant.about}" for name, variant in VARIANTS.items())
    parser = argparse.ArgumentParser(
        prog="make_demo.py", description="Write the demonstration campaign.", epilog=f"variants:\n{variants}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--seed", type=int, required=True, help="any whole number, 0 or more")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--variant", default="base", metavar="NAME", help="which campaign (default: base)")
    given = parser.parse_args(arguments)
    if given.seed < 0:
        parser.error("--seed must be 0 or more")
    if given.variant not in VARIANTS:
        parser.error(f"unknown variant '{given.variant}'; there are: {', '.join(VARIANTS)}")
    try:
        make_demo(given.out, seed=given.seed, variant_name=given.variant)
    except FileExistsError as problem:
        raise SystemExit(f"make_demo.py: {problem}") from None
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
