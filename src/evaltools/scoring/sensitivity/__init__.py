"""How far verdicts and ranks rest on choices that could have been made otherwise; import from the modules."""
