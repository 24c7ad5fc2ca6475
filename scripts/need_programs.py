"""Check that the programs that the tests need are installed.

On Debian and Ubuntu, install what is missing if there is permission; elsewhere say what to install.
"""

import os
import shutil
import subprocess
import sys

from portal.site.chromium import NAMES

# The names of a program, the Debian package to install, and what it is for.
NEEDED = (
    (NAMES, "chromium-headless-shell", "The browser tests need Chromium"),
    (("java",), "default-jre-headless", "The HTML checker needs Java"),
    # Debian may start it as a service. The tests start another one on a free port and leave the service alone.
    (("Rscript",), "r-base-core", "The test of the R example needs R"),
    (("nginx",), "nginx-light", "The test of the web server needs nginx"),
    (("pdftotext",), "poppler-utils", "The tests of withheld figures need pdftotext to read PDFs"),
    (("rsync",), "rsync", "The tests of publishing need rsync"),
)
# On a person's computer this would start a server that the network can reach. The tests that need it are skipped there.
IN_CI = ((("sshd",), "openssh-server", "The tests of publishing to a server need an SSH server"),)
# Debian installs servers in /usr/sbin, which is not on the PATH of an ordinary user.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


def program(name: str) -> str | None:
    """Return the path of a program, or None if it is not installed."""
    return shutil.which(name, path=PLACES)


def main() -> int:
    """Return 0 if every program is installed in the end, else 1."""
    needed = (*NEEDED, *IN_CI) if os.environ.get("CI") else NEEDED
    wanted = [package for names, package, _ in needed if not program(names[0])]
    if wanted:
        install([*wanted, "fonts-liberation"])
    missing = [(package, words) for names, package, words in needed if not any(map(program, names))]
    for package, words in missing:
        print(  # noqa: T201
            f"{words}. On Debian or Ubuntu run: sudo apt-get install {package}\n"
            f"Elsewhere, install it so that it is on the PATH.",
            file=sys.stderr,
        )
    return 1 if missing else 0


def install(packages: list[str]) -> None:
    """Install Debian packages if this machine has apt-get and gives permission."""
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not apt or (sudo and not shutil.which("sudo")):
        return
    print(f"Installing for the tests: {', '.join(packages)}", file=sys.stderr)  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
        subprocess.run([*sudo, apt, *step], env=environment, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    sys.exit(main())
