"""How much of the differences between units is noise: reliability, empirical Bayes values, funnel limits."""
