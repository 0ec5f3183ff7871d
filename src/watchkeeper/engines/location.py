"""Where files lie: on this machine's disks, or in an object store that Arrow reaches.

Addresses are those that delta-rs takes as well: a path, or ``s3://bucket/key``, ``abfss://container@account…/key``,
``gs://bucket/key``. Credentials come from the environment, as the cloud's own tools read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow.fs as pafs

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_GIVES_UP = "retry_limit_seconds=30"
"""Arrow would try for 15 minutes to reach a bucket of Google's."""
_WILD = re.compile(r"(\*\*/?|\*|\?|\[[^]]+\])")
_WILD_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Location:
    """A file or folder: what ``pathlib`` says of one on disk, said of one in an object store too.

    Attributes:
        files: the file system of Arrow.
        path: the path in it; in an object store ``bucket/key``.
        prefix: what stands before the path in the address; nothing on this machine's disks.
        host: what stands between container and key of an Azure address.
    """

    files: pafs.FileSystem = field(compare=False, repr=False)
    path: str
    prefix: str = ""
    host: str = ""

    @classmethod
    def of(cls, address: str | Path) -> Location:
        """The place that an address names.

        Raises:
            ValueError: no file system of Arrow is named so.
            OSError: the object store cannot be asked.

        >>> str(Location.of("/bank/data") / "loans.csv")
        '/bank/data/loans.csv'
        """
        text = str(address)
        if not is_address(text):
            return cls(pafs.LocalFileSystem(), str(Path(text).expanduser().absolute()))
        prefix, _, rest = text.partition("://")
        bucket, _, key = rest.rstrip("/").partition("/")
        files, top = _object_store(prefix.lower(), bucket)
        return cls(files, f"{top}/{key}" if key else top, f"{prefix}://", bucket.removeprefix(top))

    @property
    def is_remote(self) -> bool:
        """Whether it lies in an object store."""
        return bool(self.prefix)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix

    @property
    def parent(self) -> Location:
        return self._at(str(PurePosixPath(self.path).parent))

    def __str__(self) -> str:
        if not self.is_remote:
            return self.path
        bucket, slash, key = self.path.partition("/")
        return f"{self.prefix}{bucket}{self.host}{slash}{key}"

    def __truediv__(self, name: str) -> Location:
        return self._at(str(PurePosixPath(self.path) / name))

    def __lt__(self, other: Location) -> bool:
        return str(self) < str(other)

    def _at(self, path: str) -> Location:
        return Location(self.files, path, self.prefix, self.host)

    def below(self, folder: Location) -> str:
        """The path below a folder, with slashes."""
        return PurePosixPath(self.path).relative_to(folder.path).as_posix()

    def is_file(self) -> bool:
        return self.info().type == pafs.FileType.File

    def is_dir(self) -> bool:
        return self.info().type == pafs.FileType.Directory

    def exists(self) -> bool:
        return self.info().type != pafs.FileType.NotFound

    def info(self) -> pafs.FileInfo:
        """Kind, size in bytes and time of change."""
        return self.files.get_file_info(self.path)

    def entry(self) -> Entry:
        """The file with its size and time of change."""
        info = self.info()
        return Entry(self, info.size, info.mtime_ns)

    def folder_files(self, *, recursive: bool = False) -> list[Entry]:
        """The files of a folder, in order of name; none where there is no folder."""
        selector = pafs.FileSelector(self.path, allow_not_found=True, recursive=recursive)
        found = sorted(self.files.get_file_info(selector), key=lambda info: info.path)
        return [Entry(self._at(i.path), i.size, i.mtime_ns) for i in found if i.type == pafs.FileType.File]

    def split(self) -> tuple[Location, str]:
        """The folder above the first wildcard of a path, and the rest."""
        parts = PurePosixPath(self.path).parts
        first = next(index for index, part in enumerate(parts) if _WILD.search(part))
        return self._at(str(PurePosixPath(*parts[:first]))), "/".join(parts[first:])

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The files below a folder that a pattern names; ``*`` ends at a slash, ``**`` does not."""
        wanted = re.compile("".join(_regular(piece) for piece in _WILD.split(pattern)))
        for entry in self.folder_files(recursive="/" in pattern or "**" in pattern):
            if wanted.fullmatch(entry.location.below(self)):
                yield entry

    def read_text(self) -> str:
        """The text of a file.

        Raises:
            FileNotFoundError: there is none.
        """
        return self.read_bytes().decode("utf-8")

    def read_bytes(self) -> bytes:
        with self.files.open_input_stream(self.path) as stream:
            content: bytes = stream.read()
        return content

    def make_folder(self) -> None:
        """Make the folder, and those above it; object stores know none."""
        if not self.is_remote:
            Path(self.path).mkdir(parents=True, exist_ok=True)


class Entry(NamedTuple):
    """A file that was found."""

    location: Location
    size: int
    changed_ns: int


@lru_cache(maxsize=32)
def _object_store(prefix: str, bucket: str) -> tuple[pafs.FileSystem, str]:
    """The file system of a bucket and the path of its top; kept, since finding a bucket's region asks the store."""
    query = f"?{_GIVES_UP}" if prefix in ("gs", "gcs") else ""
    files, top = pafs.FileSystem.from_uri(f"{prefix}://{bucket}{query}")
    return files, top.strip("/")


def is_address(name: str) -> bool:
    """Whether a name is the address of something in an object store.

    >>> is_address("s3://bank/loans"), is_address("data/loans.csv")
    (True, False)
    """
    return bool(_SCHEME.match(name))


def is_glob(name: str) -> bool:
    """Whether a name has wildcards."""
    return bool(_WILD.search(name))


def _regular(piece: str) -> str:
    """A regular expression for one piece of a glob."""
    if piece.startswith("[") and len(piece) > 2:
        return "[^" + piece[2:] if piece[1] == "!" else piece
    return _WILD_MEANS.get(piece) or re.escape(piece)
