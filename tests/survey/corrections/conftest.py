"""A small campaign, and who corrects it: open the workbook, fill in lines, hand it back."""

import csv
from dataclasses import dataclass
from datetime import datetime

import openpyxl
import pytest

from evaltools.survey.corrections.log import read_log
from evaltools.survey.corrections.review import review_log
from evaltools.survey.corrections.taking import send_lines, take_lines
from evaltools.survey.corrections.wording import COLUMNS, word


@dataclass
class Corrector:
    """Fills in what goes out. Lines are told by row and question."""

    campaign: object
    n_sent: int = 0

    def send(self):
        """Return the path of the workbook that goes out."""
        self.n_sent += 1
        path = self.campaign.folder.parent / f"open-{self.n_sent}.xlsx"
        send_lines(self.campaign.folder, self.campaign.config, path)
        return path

    def lines(self, path=None):
        """Return the lines of a workbook as dicts."""
        page = openpyxl.load_workbook(path or self.send()).worksheets[0]
        rows = [[cell or "" for cell in row] for row in page.iter_rows(values_only=True)]
        names = COLUMNS if len(rows[0]) == len(COLUMNS) else ("answer", *COLUMNS)
        return [dict(zip(names, row, strict=True)) for row in rows[1:]]

    def fill(self, *filled, path=None):
        """Fill in lines: dicts with `row`, `question` and what is entered; return the path."""
        path = path or self.send()
        book = openpyxl.load_workbook(path)
        page = book.worksheets[0]
        place = {name: number for number, name in enumerate(COLUMNS)}
        for entry in ({"why": "录入错误", "who": "ZL", **one} for one in filled):
            found = [
                row for row in page.iter_rows(min_row=2)
                if (row[place["row"]].value, row[place["question"]].value or "")
                == (str(entry["row"]), entry["question"])
            ]  # fmt: skip
            assert found, entry
            for name, value in entry.items():
                if name not in ("row", "question"):
                    found[-1][place[name]].value = value
        book.save(path)
        return path

    def write(self, lines):
        """Write lines as a csv with English headers; return its path."""
        path = self.campaign.folder.parent / "lines.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([word("column", name, "en") for name in COLUMNS])
            writer.writerows([line.get(name, "") for name in COLUMNS] for line in lines)
        return path

    def take(self, path, now=datetime(2022, 12, 1, 9, 0, 0)):
        return take_lines(self.campaign.folder, self.campaign.config, path, now=now)

    def correct(self, *filled):
        """Fill in, hand back, ingest; return what was taken."""
        taken = self.take(self.fill(*filled))
        self.campaign.ingest()
        return taken

    def review(self):
        return review_log(self.campaign.folder, self.campaign.config)

    @property
    def log(self):
        return read_log(self.campaign.folder)


@pytest.fixture
def corrector(campaign):
    return Corrector(campaign)
