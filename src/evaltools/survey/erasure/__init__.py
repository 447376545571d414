"""Take one respondent out of everything that a campaign keeps, or all links to anybody."""
