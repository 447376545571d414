"""The correction loop: findings go out, a log comes back and is applied on top of the untouched raw data."""
