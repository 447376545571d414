"""Open JupyterLab on a campaign."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from evaltools.content import content_path
from evaltools.errors import ReportError

if TYPE_CHECKING:
    from evaltools.campaign import Campaign

START = "start.ipynb"
NOTEBOOKS = (START, "explain.ipynb")


def open_lab(campaign: Campaign) -> int:
    """Start JupyterLab in the campaign's folder on a start notebook; return its exit code when it is closed.

    Beside it stands one on what is behind the verdicts. A notebook that is there already is the analyst's own and is
    left as it is.
    """
    for name in NOTEBOOKS:
        if not (campaign.folder / name).exists():
            shutil.copyfile(content_path("notebooks", "explore", name), campaign.folder / name)
    return subprocess.call(
        [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={campaign.folder.resolve()}", START]
    )


def check_lab() -> str:
    """Return the version of JupyterLab that would be opened.

    Raises
    ------
    ReportError
        ``lab-missing``: it does not start, or the start notebook is not there.
    """
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlab", "--version"], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode or not content_path("notebooks", "explore", START).is_file():
        raise ReportError("lab-missing")
    return f"JupyterLab {done.stdout.strip()}"
