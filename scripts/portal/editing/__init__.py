"""Changes to single rows of the packages, for commands and forms: planned, checked as a whole, then written."""
