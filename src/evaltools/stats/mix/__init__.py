"""What stands behind a change: mix, panel and attrition, the other domains' change, and sizes without a unit."""
