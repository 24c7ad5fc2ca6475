"""An SSH server of the tests' own: on this computer only, at a free port, with one key, for the user who runs the tests."""

import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import ROOT
from served import wait_for

sys.path.insert(0, str(ROOT / "scripts"))
from need_programs import program


@dataclass(frozen=True)
class SshServer:
    """A server that runs: the user to sign in as and its address, and a folder whose `ssh` and `sftp` know its port and its key."""

    host: str
    bin: Path


@contextmanager
def serving_ssh(folder: Path) -> Iterator[SshServer]:
    """Start an SSH server, and stop it. Skip the test if none is installed, and say how to install one."""
    needed = {name: program(name) for name in ("sshd", "ssh", "sftp", "ssh-keygen")}
    if missing := [name for name, path in needed.items() if path is None]:
        pytest.skip(
            f"{' and '.join(missing)} not installed: sudo apt-get install openssh-server openssh-client"
        )
    folder.mkdir()
    for name in ("host", "own"):
        subprocess.run([str(needed["ssh-keygen"]), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)  # fmt: skip
    is_root = os.geteuid() == 0
    if is_root:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd needs this folder to start as root
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/own.pub\n"
        f"PidFile none\nStrictModes no\nPasswordAuthentication no\nUsePAM {'yes' if is_root else 'no'}\n"
        "PermitRootLogin prohibit-password\nKbdInteractiveAuthentication no\nSubsystem sftp internal-sftp\n"
        "KexAlgorithms curve25519-sha256\n"  # what resists quantum computers takes a third of the time of a connection
    )
    (folder / "ssh_config").write_text(
        f"Host website.test\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {folder}/own\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n  StrictHostKeyChecking accept-new\n"
    )
    programs = folder / "bin"
    programs.mkdir()
    for name in ("ssh", "sftp"):
        (programs / name).write_text(f'#!/bin/sh\nexec {needed[name]} -F {folder}/ssh_config "$@"\n')
        (programs / name).chmod(0o755)
    command = [str(needed["sshd"]), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as child:
        try:
            wait_for(child, port, folder / "log")
            yield SshServer("website.test", programs)
        finally:
            child.terminate()
            child.wait(10)
