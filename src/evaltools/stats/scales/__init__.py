"""Do several items measure one thing: reliability, one-factor check, answers at the ends of the scale."""
