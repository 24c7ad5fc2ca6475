"""Makes sure that the browser tests find a Chromium: installs Debian's where it can, else says what to install."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ["chromium", "fonts-liberation"]


def main() -> int:
    """Return 0 where a Chromium is there in the end."""
    if any(map(shutil.which, NAMES)):
        return 0
    apt = shutil.which("apt-get")
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if apt and (not become or shutil.which("sudo")):
        print("Installing Debian's Chromium for the browser tests", file=sys.stderr)  # noqa: T201
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", *PACKAGES]):
            subprocess.run([*become, apt, *step], env=environment, stdout=subprocess.DEVNULL, check=False)
    if any(map(shutil.which, NAMES)):
        return 0
    print(  # noqa: T201
        "The browser tests need Chromium. On Debian or Ubuntu run: sudo apt-get install chromium fonts-liberation\n"
        "Elsewhere install Chromium or Google Chrome so that it can be started as `chromium` or `google-chrome`.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
