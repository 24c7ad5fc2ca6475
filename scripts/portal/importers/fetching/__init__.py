"""Download published files from their public addresses. Never needed to check or build a portal."""
