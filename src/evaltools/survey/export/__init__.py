"""Tidy data for others: one row a rating, labels and reasons for missing answers kept, checked for disclosure first."""
