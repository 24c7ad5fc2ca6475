"""Protect people where counts are small: choose what to withhold, and check that nothing gives it away."""
