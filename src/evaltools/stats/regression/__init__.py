"""Regression on the sampling design, and the checks that rest on it: few clusters, ordered answers, items, case mix."""
