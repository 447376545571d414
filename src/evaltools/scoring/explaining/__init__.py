"""What stands behind the verdicts: visits in pairs, banks at one mix, scales, drivers, change in parts."""
