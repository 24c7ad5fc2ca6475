"""What all importers use: published files as tables, and faults that many rows share."""
