"""Which column of an export holds which question: by rule, or as a person has confirmed; never by a guess."""
