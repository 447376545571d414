"""Versions of one instrument: what changed from one to the next, and what that means for a comparison over waves."""
