"""Ranks with what sampling leaves open: confidence sets, and league tables that say who cannot be told apart."""
