"""Which files below the given paths are exports to be read, and what becomes of the others."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text
from pipeline.errors import DataError

# What lies beside the pages of an exported chat and is never a list of posts.
_MEDIA_SUFFIXES: Final = (
    *(".css", ".js", ".ttf", ".woff", ".woff2", ".vcf"),
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".ico", ".bmp", ".heic", ".tgs"),
    *(".webm", ".mp4", ".mov", ".avi", ".mkv", ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac"),
)
_MEDIA_FOLDERS: Final = (
    *("css", "images", "js", "photos", "video_files", "voice_messages", "round_video_messages"),
    *("stickers", "files", "contacts"),
)
# Of an account that Telegram Desktop exported as HTML: lists that link to its chats.
_ACCOUNT_PAGE: Final = "export_results.html"
_ACCOUNT_FOLDERS: Final = ("lists", "profile_pictures", "stories", "other_data", *_MEDIA_FOLDERS)
_TWEETS = re.compile(r"(?:tweets?|community-tweet|note-tweet)(?:-part\d+)?\.js")
_CHAT_PAGE = re.compile(r"messages\d*\.html|result\.json")
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be read.

    Attributes:
        path: where it is.
        name: how tables and reports call it: its own name, or folder and place below the given folder.
        is_named: whether the user gave this very path.
    """

    path: Path
    name: str
    is_named: bool


@dataclass(slots=True)
class FoundFiles:
    """What `find_inputs` found.

    Attributes:
        files: to be read, in the order given and by name within folders.
        passed_over: how many hidden files and media files were left alone.
        refused: name and reason of what is neither.
    """

    files: list[InputFile] = field(default_factory=list)
    passed_over: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def find_inputs(inputs: Sequence[Path], own_files: Collection[Path]) -> FoundFiles:
    """Collect the files; folders are walked, links in them are not followed.

    Args:
        inputs: files and folders; a file that is met twice is read once.
        own_files: what this program writes; passed over where a folder holds it.

    Raises:
        DataError: an input does not exist or is neither file nor folder.
    """
    found = FoundFiles()
    own = {path.resolve() for path in own_files}
    seen: set[Path] = set()
    for given in inputs:
        if given.is_dir():
            candidates = _Folder(given, found, own).walk()
        elif given.is_file():
            candidates = iter([InputFile(given, clean_text(given.name), is_named=True)])
        elif given.exists():
            raise DataError(f"{given}: expected a file or a folder, got something else (a device or a pipe)")
        else:
            raise DataError(f"{given}: no such file or folder")
        for file in candidates:
            if (resolved := file.path.resolve()) not in seen:
                seen.add(resolved)
                found.files.append(file)
    return found


@dataclass(frozen=True, slots=True)
class _Folder:
    """A given folder while it is walked."""

    root: Path
    found: FoundFiles
    own: Collection[Path]

    def walk(self) -> Iterator[InputFile]:
        for folder, subfolders, names in os.walk(self.root, onerror=self._refuse_unreadable):
            left: tuple[str, ...] = _MEDIA_FOLDERS if any(map(_CHAT_PAGE.fullmatch, names)) else ()
            left = _ACCOUNT_FOLDERS if _ACCOUNT_PAGE in names else left
            ordered = sorted(subfolders, key=_in_natural_order)
            subfolders[:] = [name for name in ordered if self._is_entered(Path(folder, name), left)]
            for name in sorted(names, key=_in_natural_order):
                path = Path(folder, name)
                if self._is_read(path):
                    yield InputFile(path, self._name_of(path), is_named=False)

    def _name_of(self, path: Path) -> str:
        return clean_text(Path(self.root.resolve().name, path.relative_to(self.root)).as_posix())

    def _is_entered(self, path: Path, left: Collection[str]) -> bool:
        if path.is_symlink():
            self._note_link(path)
            return False
        if path.name.startswith(".") or path.name in left:
            self.found.passed_over += sum(len(files) for _, _, files in os.walk(path))
            return False
        return True

    def _is_read(self, path: Path) -> bool:
        if path.is_symlink():
            self._note_link(path)
        elif path.name.startswith(".") or _is_no_list(path.name) or path.resolve() in self.own:
            self.found.passed_over += 1
        elif not path.is_file():
            self.found.refused.append((self._name_of(path), "neither a file nor a folder"))
        else:
            return True
        return False

    def _note_link(self, path: Path) -> None:
        """A link to what lies in the folder is met there anyway; one that leaves the folder is not followed."""
        target = Path(os.path.realpath(path))  # resolve() fails on a link to itself
        if target.is_relative_to(self.root.resolve()):
            self.found.passed_over += 1
        else:
            reason = "a link that leaves the folder is not followed; name its target itself"
            self.found.refused.append((self._name_of(path), reason))

    def _refuse_unreadable(self, error: OSError) -> None:
        name = self._name_of(Path(error.filename))
        self.found.refused.append((name, f"the folder cannot be read: {error.strerror}"))


def _is_no_list(name: str) -> bool:
    """Whether this lies beside posts and is none: media, scripts, pages of links."""
    is_media = Path(name).suffix.lower() in _MEDIA_SUFFIXES and not _TWEETS.fullmatch(name)
    return is_media or name == _ACCOUNT_PAGE


def _in_natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """messages2.html before messages10.html."""
    parts = [
        (int(part[:18]), "") if part.isascii() and part.isdigit() else (-1, part)
        for part in _NUMBER.split(name)
    ]
    return parts, name
