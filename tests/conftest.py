"""What the tests share: the real portal, the tiny one, and one build of each."""

import os
import sys
from pathlib import Path

import pytest
from portal import site
from portal.disclosure import Release
from project import ROOT, make_project


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden tree anew instead of comparing"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        sys.exit(
            "--update-golden is not for CI: look at the differences, update on your own machine and commit."
        )


@pytest.fixture(scope="session")
def real() -> Release:
    """The content of this repository's own packages."""
    return site.check(ROOT)[1]


@pytest.fixture(scope="session")
def real_site() -> Path:
    """This repository's site, built."""
    return site.build(ROOT, lambda step: None)[0].resolve()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny portal that a test may change."""
    return make_project(tmp_path / "tiny")


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal's project folder, built once; not to be changed."""
    root = make_project(tmp_path_factory.mktemp("built") / "tiny")
    site.build(root, lambda step: None)
    return root
