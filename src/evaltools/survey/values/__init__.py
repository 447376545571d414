"""Cells to answers: numbers, dates, choices, identifiers, and what stands for a missing answer."""
