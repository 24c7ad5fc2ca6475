"""What the figures and promises mean: changes, rates, checked claims, progress and the sentences about them."""
