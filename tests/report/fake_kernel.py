"""Start a kernel in which `evaltools.Campaign` is the stand-in of `fake_campaign.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fake_campaign import FakeCampaign

sys.path.pop(0)
import evaltools

vars(evaltools)["Campaign"] = FakeCampaign

from ipykernel import kernelapp  # noqa: E402

kernelapp.launch_new_instance()
