"""What the process has loaded that the desks of the tests are copies of. Only that process imports this."""

from pathlib import Path
from tempfile import TemporaryDirectory

from portal.cli import commands  # noqa: F401
from portal.data import packages
from portal.desk import app, pages, serving  # noqa: F401
from portal.site import building  # noqa: F401
from project import copy_tiny

# What frictionless has validated here, the copies do not validate again.
with TemporaryDirectory() as folder:
    tiny = copy_tiny(Path(folder) / "tiny")
    packages.read_all(tiny, tuple(p.name for p in (tiny / "data_packages").iterdir()))
