"""Outlines, populations and postcodes of areas, from the files that publish them."""
