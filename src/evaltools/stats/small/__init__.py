"""Visits and small samples: paired shares and numbers, time to an event, agreement, pooling of branches, power."""
