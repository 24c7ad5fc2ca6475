"""Builds a community safety partnership's public site from its data packages."""
