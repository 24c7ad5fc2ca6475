"""Readers of upstream formats, one module each, with its maps of columns and labels as CSV beside it.

A build never runs these. What they read is not safe to publish until `disclosure` has been through it.
"""
