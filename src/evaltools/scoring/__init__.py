"""From accepted answers to changes, composites, verdicts and targets; import from the modules."""
