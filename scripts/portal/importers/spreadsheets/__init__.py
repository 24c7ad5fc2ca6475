"""Spreadsheets that people fill in, as rows of a package."""
