"""What tests of the whole chain share: the demonstration campaign, ingested once a worker."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from evaltools.campaign import Campaign
from evaltools.skeleton import copy_demo

settings.register_profile("no deadline", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def demo_stored(tmp_path_factory) -> Path:
    """Folder of the demonstration after one ingest. Read it; to change it, take `demo_copy`."""
    folder = tmp_path_factory.mktemp("stored") / "demo"
    copy_demo(folder)
    Campaign.open(folder).ingest()
    return folder


@pytest.fixture
def demo_copy(demo_stored, tmp_path) -> Path:
    """Return a copy of the ingested demonstration that a test may change."""
    return Path(shutil.copytree(demo_stored, tmp_path / "demo"))


@pytest.fixture
def demo_raw(tmp_path) -> Path:
    """Return a copy of the demonstration that nothing was ingested into."""
    copy_demo(tmp_path / "demo")
    return tmp_path / "demo"
