"""Every statistic of `estimate` and `change`: recoded answers, quantiles, replicate weights, their intervals."""
