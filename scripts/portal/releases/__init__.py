"""Releases: make, compare, hold back until their time, put back, and take figures out of them."""
