"""Opening a file: compression, recognition, and files that are none."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from isinglass import memory
from isinglass.errors import FileFormatError, OutOfMemoryError, ParameterError
from isinglass.problems.files import FORMATS, compression, read_file

GRAPH = b"3 3\n1 2 1\n1 3 -1\n2 3 2\n"
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def written(folder: Path, content: bytes, name: str = "graph") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".txt"])
def test_compression_is_told_by_content(tmp_path: Path, name: str, suffix: str) -> None:
    problem = read_file(written(tmp_path, COMPRESS[name](GRAPH), "graph" + suffix))
    assert problem.value.tolist() == [1, -1, 2]


def test_a_path_may_be_a_string_and_a_name_keeps_its_dots(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(GRAPH, mtime=0), "ising2.5-100.txt.gz")
    assert read_file(str(path)).facts["name"] == "ising2.5-100"
    assert read_file(path.rename(tmp_path / "ising2.5-100_5.gz")).facts["name"] == "ising2.5-100_5"


@pytest.mark.parametrize("name", COMPRESS)
def test_streams_may_follow_one_another(tmp_path: Path, name: str) -> None:
    compress = COMPRESS[name]
    padding = b"" if name == "bzip2" else bytes(8)
    content = compress(GRAPH[:9]) + padding + compress(b"") + compress(GRAPH[9:]) + padding
    assert read_file(written(tmp_path, content)).value.tolist() == [1, -1, 2]


@pytest.mark.parametrize("name", COMPRESS)
def test_a_stream_that_ends_early(tmp_path: Path, name: str) -> None:
    content = COMPRESS[name](GRAPH)
    for length in range(6, len(content) - 1):
        with pytest.raises(FileFormatError, match=f"its {name} stream"):
            read_file(written(tmp_path, content[:length]))


@pytest.mark.parametrize("name", COMPRESS)
def test_a_second_stream_that_is_damaged_is_not_dropped(tmp_path: Path, name: str) -> None:
    content = COMPRESS[name](GRAPH)
    for rubbish in (b"hello", content[:2] + b"\xff" + content[3:], content[:-3]):
        with pytest.raises(FileFormatError, match=f"its {name} stream"):
            read_file(written(tmp_path, content + rubbish))


def test_a_flipped_bit_breaks_the_checksum(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(GRAPH, mtime=0))
    content[-6] ^= 1
    with pytest.raises(FileFormatError, match="its gzip stream is damaged"):
        read_file(written(tmp_path, bytes(content)))


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_the_size_of_pieces_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    monkeypatch.setattr(compression, "PIECE_BYTES", pieces)
    content = gzip.compress(GRAPH[:9], mtime=0) + bytes(5) + gzip.compress(GRAPH[9:])
    path = written(tmp_path, content)
    with path.open("rb") as file:
        first = file.read(6)
        found = b"".join(compression._unfold(path, file, first, compression.COMPRESSIONS[0]))
    assert found == GRAPH


def test_what_unfolds_to_more_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "available_bytes", lambda: 1 << 20)
    bomb = zlib.compressobj(wbits=31)
    content = bomb.compress(bytes(1 << 22)) + bomb.flush()
    assert len(content) < 1 << 13
    with pytest.raises(OutOfMemoryError, match=r"1,048,576 bytes are available"):
        read_file(written(tmp_path, content))
    assert memory.available_bytes() != 1 << 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n\r\n\t", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (bytes(range(256)), "like none of the formats read: rudy, qubo"),
        (b"hello world\n", "starts with 'hello world'"),
        (b"100\n0110\n", "like none of the formats read"),
        (b"# only a comment\n", "like none of the formats read"),
        (b"1 2 3 4\n", "like none of the formats read"),
        (b"OPENQASM 2.0;\n", "like none of the formats read"),
        (gzip.compress(gzip.compress(GRAPH, mtime=0), mtime=0), "like none of the formats read"),
        ("3 3\n1 2 1\n".encode("utf-16"), "like none of the formats read"),
    ],
)
def test_files_of_no_known_format(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(FileFormatError, match=words) as caught:
        read_file(written(tmp_path, content))
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_paths_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileFormatError, match="there is no such file"):
        read_file(tmp_path / "missing")
    with pytest.raises(FileFormatError, match="is a directory"):
        read_file(tmp_path)
    with pytest.raises(FileFormatError, match="cannot be read: Not a directory"):
        read_file(written(tmp_path, GRAPH) / "below")
    for bad in ("zero\0byte", "surrogate\ud800"):
        with pytest.raises(ParameterError, match="is not a path that this system can open"):
            read_file(bad)
    with pytest.raises(ParameterError, match="path=3 is not a path"):
        read_file(3)

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(FileFormatError, match="permission denied"):
        read_file(tmp_path / "graph")


def test_a_kind_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"kind='isnig' is not one of ising.*did you mean 'ising'"):
        read_file(written(tmp_path, GRAPH), kind="isnig")


def test_the_table_of_formats_names_every_reader() -> None:
    readers = {path.stem for path in Path(compression.__file__).parent.glob("*.py")}
    assert FORMATS.keys() <= readers
    assert all(row.description and row.recognised_by and row.kinds for row in FORMATS.values())
