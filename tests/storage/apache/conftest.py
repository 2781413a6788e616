"""A real Apache with PHP and mod_rewrite: on loopback, with a configuration of its own, stopped after the tests.

Two sites. The first has our receiver (`htdocs/`, this folder's), the same behind a password, and a folder without any
rule; the second is empty but for what a test puts into its document root: the seed document's two snippets.
"""

from __future__ import annotations

import base64
import glob
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

HTDOCS: Final = Path(__file__).parent / "htdocs"
USER, PASSWORD = "mé", "s3cret:/@%41"
MODULES: Final = (
    "mpm_prefork",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    "auth_basic",
    "dir",
    "env",
    "mime",
    "rewrite",
)
CONFIGURATION: Final = """
ServerRoot "/usr/lib/apache2"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{bare_port}
PidFile "{home}/httpd.pid"
Mutex file:{home} default
ErrorLog "{home}/error.log"
DefaultRuntimeDir "{home}"
{modules}
LoadModule php_module "{php}"
TypesConfig /dev/null
StartServers 2
MaxRequestWorkers 8
PHPIniDir "{home}"
php_admin_value sys_temp_dir "{home}/spool"
php_admin_value post_max_size 0
php_admin_flag display_errors off
php_admin_value error_log "{home}/php.log"
<FilesMatch "\\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
<Directory "{home}/htdocs">
    AllowOverride FileInfo
    Require all granted
</Directory>
<Directory "{home}/htdocs/locked">
    AuthType Basic
    AuthName recordings
    AuthUserFile "{home}/htpasswd"
    Require valid-user
</Directory>
<Directory "{home}/bare">
    AllowOverride FileInfo
    Require all granted
</Directory>
<VirtualHost 127.0.0.1:{port}>
    DocumentRoot "{home}/htdocs"
    SetEnv RECORDINGS "{home}/kept"
</VirtualHost>
<VirtualHost 127.0.0.1:{bare_port}>
    DocumentRoot "{home}/bare"
</VirtualHost>
"""


@frozen
class Apache:
    """A running server: where its two sites are, where our receiver keeps what it took, and the second site's root."""

    url: str
    bare_url: str
    kept: Path
    bare: Path
    user: str
    password: str


@contextmanager
def running(command: list[str], port: int, log: Path, **options: Any) -> Iterator[None]:
    """Run a server while the context lasts: on entering it listens on `port`, afterwards all of it is gone."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options) as process:
        try:
            while not listens(port):
                with suppress(subprocess.TimeoutExpired):
                    pytest.fail(f"{command[0]} ended with {process.wait(timeout=0.02)}: {log.read_text()}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def free_ports() -> tuple[int, int]:
    """Two ports that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def furnish(home: Path, port: int, bare_port: int, php: str) -> None:
    """Lay out the server's folders, the password file and the configuration."""
    shutil.copytree(HTDOCS, home / "htdocs")
    shutil.copytree(HTDOCS / "recordings", home / "htdocs" / "locked")
    for name in ("bare", "htdocs/plain", "kept", "spool"):
        (home / name).mkdir()
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (home / "htpasswd").write_text(f"{USER}:{{SHA}}{digest}\n")
    modules = "\n".join(f"LoadModule {name}_module modules/mod_{name}.so" for name in MODULES)
    text = CONFIGURATION.format(home=home, port=port, bare_port=bare_port, modules=modules, php=php)
    (home / "httpd.conf").write_text(text)


@pytest.fixture(scope="session")
def apache() -> Iterator[Apache]:
    """The server; the tests are skipped, visibly, where it is not installed."""
    binary = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    php = sorted(glob.glob("/usr/lib/apache2/modules/libphp*.so"))
    if binary is None or not php:
        pytest.skip("no Apache with PHP: apt-get install --no-install-recommends apache2 libapache2-mod-php")
    # Root's server runs as another user, who cannot pass through root's folders.
    owner = pwd.getpwnam("www-data") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(dir="/tmp" if owner else None) as folder:
        home = Path(folder)
        port, bare_port = free_ports()
        furnish(home, port, bare_port, php[-1])
        options: dict[str, Any] = {"env": {"PHP_INI_SCAN_DIR": folder}}
        if owner is not None:
            options |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            for path in (home, *home.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        command = [binary, "-DFOREGROUND", "-f", str(home / "httpd.conf")]
        with running(command, bare_port, home / "error.log", **options):
            url, bare_url = (f"http://127.0.0.1:{each}" for each in (port, bare_port))
            yield Apache(url, bare_url, home / "kept", home / "bare", USER, PASSWORD)
