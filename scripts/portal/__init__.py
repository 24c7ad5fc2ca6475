"""Build a community safety partnership's public site from its data packages."""

import decimal

# Sums and differences of figures are exact: a figure has at most 40 digits on each side of the point
# (`figure_rules`), and Python's own 28 digits would round silently.
decimal.DefaultContext.prec = decimal.getcontext().prec = 200
