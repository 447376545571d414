import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
SEED = 20221130

sys.path.insert(0, str(DEMO))


@pytest.fixture(scope="session")
def demo_path():
    """The committed demonstration."""
    return DEMO


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Write a variant once a session: written("base") is the folder of the committed seed."""
    from make_demo import make_demo

    known = {}

    def write(variant="base", seed=SEED):
        if (variant, seed) not in known:
            folder = tmp_path_factory.mktemp(f"{variant}-{seed}")
            make_demo(folder, seed=seed, variant_name=variant)
            known[variant, seed] = folder
        return known[variant, seed]

    return write
