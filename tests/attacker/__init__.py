"""An attacker who has the finished site, the rules and the program's source, and nothing else.

Shares no code with the program. `harvest` reads every number that the site serves; `deduce` works out what each
withheld figure can be; `forms` reads a count off a rate, a percentage, a claim, a target or a text; `rerun` runs the
program on every table that fits and keeps those for which it would have published the same.
"""
