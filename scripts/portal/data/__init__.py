"""Data packages: their schemas, descriptors and tables, read, validated by frictionless and given their types."""
