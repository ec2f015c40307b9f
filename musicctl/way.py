"""The way to a file, gone folder by folder through what is open: a name that was checked can change."""

import errno
import grp
import os
import pwd
import stat
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

ACCESS_LIST = "system.posix_acl_access"
MOST_LINKS = 40
# A folder that may be entered and not listed can be gone through all the same, where the system knows how.
ENTER = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY)) | os.O_DIRECTORY | os.O_CLOEXEC


def refusal(reason: str, path: object) -> OSError:
    """Return the error for what is not opened: like the system's own, with a reason that follows `path: `."""
    return PermissionError(errno.EPERM, f"it {reason}", str(path))


@contextmanager
def to_file(path: Path, *, strict: bool = False, last: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the opened folder of a file and its name in it; links of other accounts on the way are refused.

    With `strict` so is each folder that others may write to or own; with `last` the name itself may be a
    link, which is followed. Raises OSError that says what is in the way.
    """
    if path.name in {"", ".."}:
        raise refusal("is a folder", path)
    with _Walk(path, strict=strict) as walk:
        name = walk.to_name(path.absolute().parts, last=last)
        yield walk.folder, name


@contextmanager
def to_folder(path: Path, *, strict: bool = False, make: bool = False) -> Iterator[int]:
    """Yield an opened folder, as `to_file` does; with `make` what is missing is made, for us alone."""
    with _Walk(path, strict=strict, make=make) as walk:
        walk.to_end(path.absolute().parts)
        yield walk.folder


def require_trusted(handle: int, path: object) -> None:
    """Raise OSError where others than us and root own what is open, or may write to it."""
    if reason := distrust(handle):
        raise refusal(reason, path)


def distrust(handle: int) -> str:
    """Say why others could have made what is open what it is; empty where they could not.

    In a sticky folder, others cannot replace what is ours or root's. On a disk mounted for reading alone, the
    modes say nothing. A group whose only member is the owner is nobody else: many systems make one for each
    account, and let it write by default.
    """
    found = os.fstat(handle)
    if found.st_uid not in trusted():
        return f"belongs to {account(found.st_uid)}"
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if _lets_others_write(handle, found) and not sticky and not _is_for_reading_alone(handle):
        return "can be written to by others (chmod go-w)"
    return ""


def trusted() -> set[int]:
    """Return the accounts whose files do no harm: ours, and root, which may have another number in here."""
    return {os.geteuid(), 0, os.stat("/").st_uid}  # noqa: PTH116 -- Path.stat is slower, and no clearer


def account(number: int) -> str:
    """Return an account as people know it."""
    try:
        return f"the account {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"the account {number}"


class _Walk:
    """Goes down from the root, holding one folder open; relative links go on from where they lie."""

    def __init__(self, path: Path, *, strict: bool, make: bool = False) -> None:
        self._path, self._strict, self._make = path, strict, make
        self._links = 0
        self._place = PurePath("/")
        self.folder = os.open("/", ENTER)

    def __enter__(self) -> "_Walk":
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self.folder)

    def to_end(self, parts: tuple[str, ...]) -> None:
        """Go to the folder that the last part names."""
        left = deque(parts)
        while left:
            self._enter(left.popleft(), left)

    def to_name(self, parts: tuple[str, ...], *, last: bool) -> str:
        """Go to the folder that the last part lies in, and return its name there."""
        left = deque(parts)
        while len(left) > 1 or (last and self._follows(left)):
            self._enter(left.popleft(), left)
        return left[0]

    def _follows(self, left: deque[str]) -> bool:
        try:
            return stat.S_ISLNK(self._stat(left[0]).st_mode)
        except FileNotFoundError:
            return False

    def _enter(self, name: str, left: deque[str]) -> None:
        with _naming(self._path):
            if name == "/":
                return self._hold(os.open("/", ENTER), name)
            found = self._there(name)
            if stat.S_ISLNK(found.st_mode):
                left.extendleft(reversed(PurePath(self._target(name, found)).parts))
                return None
            return self._hold(os.open(name, ENTER | os.O_NOFOLLOW, dir_fd=self.folder), name)

    def _there(self, name: str) -> os.stat_result:
        try:
            return self._stat(name)
        except FileNotFoundError:
            if not self._make:
                raise
        with suppress(
            FileExistsError
        ):  # made a moment ago, perhaps by another command of ours: looked at next
            os.mkdir(name, 0o700, dir_fd=self.folder)
        return self._stat(name)

    def _stat(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self.folder, follow_symlinks=False)

    def _target(self, name: str, found: os.stat_result) -> str:
        self._links += 1
        if self._links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(self._path))
        if found.st_uid not in trusted():
            raise refusal(f"is behind a link, {name}, that belongs to {account(found.st_uid)}", self._path)
        return os.readlink(name, dir_fd=self.folder)

    def _hold(self, handle: int, name: str) -> None:
        os.close(self.folder)
        self.folder, self._place = handle, self._place / name
        if self._strict and (reason := distrust(handle)):
            raise refusal(f"is in {self._place}, which {reason}", self._path)


def _lets_others_write(handle: int, found: os.stat_result) -> bool:
    if not found.st_mode & stat.S_IWGRP:
        return bool(found.st_mode & stat.S_IWOTH)
    return bool(found.st_mode & stat.S_IWOTH) or not _is_private(found) or _has_access_list(handle)


def _is_private(found: os.stat_result) -> bool:
    """Tell whether the group is the owner's primary one, and nobody else's, as far as accounts are listed."""
    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    primary = {each.pw_uid for each in pwd.getpwall() if each.pw_gid == found.st_gid}
    return primary == {found.st_uid} and set(group.gr_mem) <= {owner.pw_name}


def _has_access_list(handle: int) -> bool:
    """Tell whether rights may be given to more than owner and group: what the group may do bounds it."""
    if sys.platform != "linux":
        return False  # elsewhere the mode does not show what a list gives
    try:
        # A folder opened to be entered has no attributes to read, but its name here does.
        os.getxattr(f"/proc/self/fd/{handle}", ACCESS_LIST)
    except OSError as error:
        return error.errno not in {errno.ENODATA, errno.ENOTSUP}
    return True


def _is_for_reading_alone(handle: int) -> bool:
    return bool(os.fstatvfs(handle).f_flag & os.ST_RDONLY)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the whole path in an error of the system's, which knows but the last part."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise
