"""Makes sure that the tests find a Chromium, a Java, an R, an nginx and a pdftotext: installs Debian's where it can, else says what to install."""

import os
import shutil
import subprocess
import sys

from portal.charts.chromium import NAMES

# What does the work, the Debian package that is best for it, and what it is for.
NEEDED = (
    (NAMES, "chromium-headless-shell", "The browser tests need Chromium"),
    (("java",), "default-jre-headless", "The checker of the HTML needs Java"),
    # Debian may start it as a service, which is not ours to stop: the tests start one of their own on a free port.
    (("Rscript",), "r-base-core", "The test of the example in R needs R"),
    (("nginx",), "nginx-light", "The test of the web server needs nginx"),
    (("pdftotext",), "poppler-utils", "The tests of what is withheld need pdftotext to read the PDFs"),
)
# Where Debian puts servers, which an ordinary user's shell does not look through.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


def program(name: str) -> str | None:
    """Where a program is, if it is on this machine."""
    return shutil.which(name, path=PLACES)


def main() -> int:
    """Return 0 where every program is there in the end."""
    wanted = [package for names, package, _ in NEEDED if not program(names[0])]
    if wanted:
        install([*wanted, "fonts-liberation"])
    missing = [(package, words) for names, package, words in NEEDED if not any(map(program, names))]
    for package, words in missing:
        print(  # noqa: T201
            f"{words}. On Debian or Ubuntu run: sudo apt-get install {package}\n"
            f"Elsewhere install it so that it can be started by its name.",
            file=sys.stderr,
        )
    return 1 if missing else 0


def install(packages: list[str]) -> None:
    """Install Debian packages, where this machine has such and lets us."""
    apt = shutil.which("apt-get")
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not apt or (become and not shutil.which("sudo")):
        return
    print(f"Installing for the tests: {', '.join(packages)}", file=sys.stderr)  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
        subprocess.run([*become, apt, *step], env=environment, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    sys.exit(main())
