"""The quote checker: find every number about an indicator in a text, and compare it with the published figures."""
