"""A seeded stand-in campaign, its labels and frames; one real rendering that several tests look at."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evaltools.report import kernels
from evaltools.report.labels import Labels, campaign_labels

HERE = Path(__file__).parent
HOSTILE = {
    "icbc": "<img src=x onerror=alert(1)>",
    "abc": "[x](javascript:alert(1))",
    "boc": "{{7*7}}${7*7}",
    "ccb": "=cmd|'/C calc'!A0",
    "psbc": '$\\frac{1}{0}$ & "quoted"',
}


def load(path: Path) -> ModuleType:
    """Import a file that stands beside the tests."""
    name = f"report_tests_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    return load(HERE / "fake_campaign.py")


@pytest.fixture(scope="session")
def campaign(fake: ModuleType) -> Any:
    return fake.FakeCampaign(Path())


@pytest.fixture(scope="session")
def hostile(fake: ModuleType) -> Any:
    return fake.FakeCampaign(Path(), HOSTILE)


@pytest.fixture(scope="session")
def labels(campaign: Any) -> Labels:
    return campaign_labels(campaign.config, campaign.framework)


@pytest.fixture(scope="session")
def hostile_labels(hostile: Any) -> Labels:
    return campaign_labels(hostile.config, hostile.framework)


def fake_command() -> list[str]:
    """Return the command of a kernel with the stand-in campaign, otherwise as in production."""
    real = kernels.kernel_command()
    at = real.index("-m")
    return [*real[:at], str(HERE / "fake_kernel.py"), *real[at + 2 :]]


@pytest.fixture
def fake_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    command = fake_command()
    monkeypatch.setattr(kernels, "kernel_command", lambda: command)


@pytest.fixture
def real_kernels_only_with_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that starts a kernel."""

    def refuse() -> list[str]:
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(kernels, "kernel_command", refuse)


def make_folder(folder: Path, *, names: dict[str, str] | None = None, trouble: dict[str, str] | None = None) -> Path:
    """Write the folder of a stand-in campaign."""
    folder.mkdir(parents=True)
    (folder / "campaign.toml").write_text("", encoding="utf-8")
    for name, content in (("names.json", names), ("trouble.json", trouble)):
        if content:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def rendered(
    tmp_path_factory: pytest.TempPathFactory, fake: ModuleType
) -> tuple[Any, Path, list[tuple[int, int, str]]]:
    """Render with hostile names, one scorecard that fails and one that is good; return result, campaign, progress."""
    from evaltools.report.render import CampaignResults, render_reports

    base = tmp_path_factory.mktemp("render")
    folder = make_folder(base / "活动 a'b", names=HOSTILE, trouble={"fail": "abc"})
    campaign = fake.FakeCampaign.open(folder)
    results = CampaignResults(
        campaign.head(), campaign.config, campaign.framework, campaign.verdicts(), campaign.composite()
    )
    seen: list[tuple[int, int, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        command = fake_command()
        patch.setattr(kernels, "kernel_command", lambda: command)
        result = render_reports(
            folder, results, base / "out", banks=["icbc", "abc"], progress=lambda *step: seen.append(step)
        )
    return result, folder, seen
