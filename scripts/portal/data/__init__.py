"""Read data packages, validate them with frictionless and give their rows types."""
