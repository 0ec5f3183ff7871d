"""A server that speaks S3, on this machine, for tests of tables in object stores."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pyarrow.fs as pafs
import pytest

_NAME = "bank"


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket that the environment of this process points at."""

    files: pafs.FileSystem

    def new_folder(self) -> str:
        """The address of a folder that nothing lies in."""
        return f"s3://{_NAME}/{uuid.uuid4().hex}"

    def upload(self, folder: Path, address: str) -> None:
        """Copy the files of a folder to an address, those that are there already left as they are."""
        top = address.removeprefix("s3://")
        for path in (path for path in sorted(folder.rglob("*")) if path.is_file()):
            target = f"{top}/{path.relative_to(folder).as_posix()}"
            if self.files.get_file_info(target).type == pafs.FileType.NotFound:
                with self.files.open_output_stream(target) as stream:
                    stream.write(path.read_bytes())


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    """A bucket, served for as long as the tests run."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    given = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    try:
        _await(address)
        with pytest.MonkeyPatch.context() as environment:
            for name, value in given.items():
                environment.setenv(name, value)
            files = pafs.S3FileSystem(endpoint_override=address, region="us-east-1", allow_bucket_creation=True)
            files.create_dir(_NAME)
            yield Bucket(files)
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(address: str) -> None:
    for _ in range(600):
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}")
