"""A page on this computer for the quarterly update: bring in, check, see, sign and publish without a terminal."""
