"""Unpacking what others have packed: hostile, damaged, and plain archives."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.sources.archives import budget, members
from pipeline.sources.archives.budget import Damaged, TooMuch, UnpackLimits
from pipeline.sources.archives.names import Unsafe, is_wanted, safe_path
from pipeline.sources.archives.unpack import Unpacked, unpack

LIMITS = UnpackLimits(total_bytes=1_000_000, file_bytes=500_000, members=100, ratio=50)
PLAIN = {"a/one.png": b"1" * 700, "a/b/two.jpg": b"2" * 5, "three.txt": b""}

Pack = Callable[[Path, Mapping[str, bytes]], Path]


def pack_zip(file: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(raw_info(name), data, zipfile.ZIP_DEFLATED)
    return file


def raw_info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name  # its constructor would mend separators
    return info


def pack_tar(mode: str) -> Pack:
    def pack(file: Path, files: Mapping[str, bytes]) -> Path:
        with tarfile.open(file, mode) as packed:  # type: ignore[call-overload]
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                packed.addfile(info, io.BytesIO(data))
        return file

    return pack


PACKS = {
    "zip": pack_zip, "tar": pack_tar("w"), "gz": pack_tar("w:gz"), "bz2": pack_tar("w:bz2"),
    "xz": pack_tar("w:xz"),
}  # fmt: skip


@pytest.fixture(params=PACKS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return PACKS[request.param]


def content(folder: Path) -> dict[str, bytes]:
    for path in folder.rglob("*"):
        assert not path.is_symlink()
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def unpacked(
    archive: Path, limits: UnpackLimits = LIMITS, keep: tuple[str, ...] = ("*",)
) -> Unpacked:
    return unpack(archive, archive.parent / "out", limits, keep)


def nothing_else(tmp_path: Path, *names: str) -> None:
    """The folder of the test holds what it should: nothing has escaped, no part is left."""
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_plain_archives_of_every_kind_come_out_as_they_went_in(tmp_path: Path, pack: Pack) -> None:
    archive = pack(tmp_path / "data.bin", PLAIN)  # the name does not matter
    result = unpacked(archive)
    assert content(tmp_path / "out") == PLAIN
    assert result == ([PurePosixPath(name) for name in PLAIN], [])
    nothing_else(tmp_path, "data.bin", "out")


def test_only_what_is_wanted_comes_out_whatever_the_case(tmp_path: Path, pack: Pack) -> None:
    files = {"x/images/1.JPG": b"1", "images/2.jpg": b"2", "x/masks/1.jpg": b"3", "x/a.png": b"4"}
    unpacked(pack(tmp_path / "a", files), keep=("*/images/*.jpg", "*.PNG"))
    assert content(tmp_path / "out") == {
        "x/images/1.JPG": b"1", "images/2.jpg": b"2", "x/a.png": b"4"
    }  # fmt: skip


def test_what_macos_and_windows_add_is_left_out(tmp_path: Path, pack: Pack) -> None:
    files = {"__MACOSX/a/._1.png": b"x", "a/._1.png": b"x", "a/Thumbs.db": b"x", "a/1.png": b"1"}
    assert unpacked(pack(tmp_path / "a", files)).refused == []
    assert content(tmp_path / "out") == {"a/1.png": b"1"}


def test_archives_inside_stay_files(tmp_path: Path, pack: Pack) -> None:
    inner = pack_zip(tmp_path / "inner.zip", PLAIN).read_bytes()
    unpacked(pack(tmp_path / "a", {"inner.zip": inner}))
    assert content(tmp_path / "out") == {"inner.zip": inner}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.png", "leads out"),
        ("a/../../evil.png", "leads out"),
        ("a/.. /evil.png", "leads out"),
        ("..\\evil.png", "leads out"),
        ("a\\..\\..\\evil.png", "leads out"),
        ("/tmp/evil.png", "absolute"),
        ("\\evil.png", "absolute"),
        ("\\\\server\\share\\evil.png", "absolute"),
        ("C:\\evil.png", "absolute"),
        ("c:evil.png", "absolute"),
        ("d/" * 33 + "evil.png", "deeper than 32"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_the_rest_comes_out(
    tmp_path: Path, pack: Pack, name: str, reason: str
) -> None:
    result = unpacked(pack(tmp_path / "a", {name: b"evil", "good.png": b"good"}), keep=("*.png",))
    assert content(tmp_path / "out") == {"good.png": b"good"}
    assert [refused.name for refused in result.refused] == [name]
    assert reason in result.refused[0].reason
    nothing_else(tmp_path, "a", "out")


def test_a_hostile_member_that_nobody_asked_for_is_not_mentioned(tmp_path: Path) -> None:
    archive = pack_zip(tmp_path / "a", {"../evil.txt": b"", "good.png": b"good"})
    assert unpacked(archive, keep=("*.png",)).refused == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "is a symbolic link"),
        (tarfile.LNKTYPE, "is a hard link"),
        (tarfile.CHRTYPE, "is neither a file nor a folder"),
        (tarfile.BLKTYPE, "is neither a file nor a folder"),
        (tarfile.FIFOTYPE, "is neither a file nor a folder"),
    ],
)
def test_links_and_devices_in_a_tar_are_never_made(
    tmp_path: Path, kind: bytes, reason: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with tarfile.open(tmp_path / "a", "w:gz") as packed:
        special = tarfile.TarInfo("link.png")
        special.type, special.linkname = kind, str(outside)
        packed.addfile(special)
        through = tarfile.TarInfo("link.png/through.png")
        through.size = 4
        packed.addfile(through, io.BytesIO(b"evil"))
    result = unpacked(tmp_path / "a")
    assert result.refused == [("link.png", reason)]
    assert content(tmp_path / "out") == {"link.png/through.png": b"evil"}  # a plain folder
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(stat.S_IFLNK, "is a symbolic link"), (stat.S_IFIFO, "is neither a file nor a folder")],
)
def test_links_and_devices_in_a_zip_are_never_made(tmp_path: Path, mode: int, reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as packed:
        info = raw_info("link")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
    assert unpacked(tmp_path / "a").refused == [("link", reason)]
    assert content(tmp_path / "out") == {}


def test_encrypted_members_are_refused_with_the_way_out(tmp_path: Path) -> None:
    archive = pack_zip(tmp_path / "a", {"secret.png": b"secret" * 9})
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    [refused] = unpacked(archive).refused
    assert refused.name == "secret.png"
    assert refused.reason.startswith("is encrypted; unpack it by hand")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_zipfile_unpacks_without_a_bound_are_refused(
    tmp_path: Path, method: int
) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as packed:
        packed.writestr("a.png", b"0" * 10_000, method)
    [refused] = unpacked(tmp_path / "a").refused
    assert refused.reason == f"is compressed by method {method}; pack it anew with deflate"


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("sparse.png")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 0
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"00000000000\0" + b"00000000000\0"
    header[483:495] = b"77777777777\0"  # 8 GB of hole
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a").write_bytes(bytes(header) + bytes(1024))
    assert unpacked(tmp_path / "a").refused == [("sparse.png", "is a sparse file")]


def test_a_bomb_is_stopped_by_its_ratio(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "RATIO_FREE", 100_000)
    monkeypatch.setattr(members, "CHUNK", 10_000)
    if (archive := pack(tmp_path / "a", {"bomb.png": bytes(400_000)})).stat().st_size > 400_000:
        return  # an uncompressed tar
    with pytest.raises(TooMuch, match="unpacks to more than 50 times its size"):
        unpacked(archive)
    nothing_else(tmp_path, "a")


def test_blank_pictures_may_shrink_below_the_ratio(tmp_path: Path, pack: Pack) -> None:
    unpacked(pack(tmp_path / "a", {"blank.png": bytes(400_000)}))
    assert content(tmp_path / "out") == {"blank.png": bytes(400_000)}


def test_a_bomb_is_stopped_by_its_count(tmp_path: Path, pack: Pack) -> None:
    archive = pack(tmp_path / "a", {f"{i}.txt": b"" for i in range(101)})
    with pytest.raises(TooMuch, match="holds more than 100 members"):
        unpacked(archive, keep=("*.png",))
    nothing_else(tmp_path, "a")


def test_a_bomb_is_stopped_by_the_size_of_a_file(tmp_path: Path, pack: Pack) -> None:
    archive = pack(tmp_path / "a", {"big.png": bytes(500_001)})
    with pytest.raises(TooMuch, match=r"big\.png is larger than 500000 bytes; raise the limit"):
        unpacked(archive)
    nothing_else(tmp_path, "a")


def test_a_bomb_is_stopped_by_its_total(tmp_path: Path, pack: Pack) -> None:
    archive = pack(tmp_path / "a", {f"{i}.png": bytes(400_000) for i in range(3)})
    with pytest.raises(TooMuch, match="unpacks to more than 1000000 bytes"):
        unpacked(archive)
    nothing_else(tmp_path, "a")


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_what_is_skipped_in_a_compressed_tar_counts_too(tmp_path: Path, kind: str) -> None:
    archive = PACKS[kind](tmp_path / "a", {f"{i}.bin": bytes(400_000) for i in range(3)})
    with pytest.raises(TooMuch, match="unpacks to more than 1000000 bytes"):
        unpacked(archive, keep=("*.png",))


def test_members_that_share_their_bytes_count_each_time(tmp_path: Path) -> None:
    """Entries of a zip may overlap; each of them is unpacked, and counted, on its own."""
    archive = pack_zip(tmp_path / "a", {"1.png": bytes(300_000)})
    data = archive.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry, tail = data[start:end], bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 9, 9, 9 * len(entry))
    archive.write_bytes(data[:start] + entry * 9 + tail)
    with pytest.raises((TooMuch, Damaged)):  # newer Pythons see the overlap themselves
        unpacked(archive)
    nothing_else(tmp_path, "a")


@pytest.mark.parametrize("claimed", [5, 400_000, 2**31])
def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path: Path, claimed: int) -> None:
    archive = pack_zip(tmp_path / "a", {"lie.png": bytes(range(256)) * 100})
    data = bytearray(archive.read_bytes())
    struct.pack_into("<I", data, 22, claimed)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claimed)
    archive.write_bytes(data)
    with pytest.raises(Damaged, match=r"/a: is not a whole archive \(.+\); delete it, and it will"):
        unpacked(archive)
    nothing_else(tmp_path, "a")


@pytest.mark.parametrize("claimed", [100_000, 8 * 1024**3 - 1])
def test_a_tar_that_lies_about_a_size_is_damaged(tmp_path: Path, claimed: int) -> None:
    info = tarfile.TarInfo("lie.png")
    info.size = claimed
    (tmp_path / "a").write_bytes(info.tobuf() + bytes(range(1, 201)) + bytes(1024))
    with pytest.raises(Damaged):
        unpacked(tmp_path / "a")
    nothing_else(tmp_path, "a")


def test_a_tar_header_that_leads_backwards_ends_it(tmp_path: Path) -> None:
    info = tarfile.TarInfo("loop.png")
    header = bytearray(info.tobuf())
    header[124:136] = b"\xff" * 10 + b"\xfc\x00"  # -1024, base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a").write_bytes(bytes(header) + bytes(2048))
    with pytest.raises(Damaged):
        unpacked(tmp_path / "a")


def test_a_header_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "HEADER_BYTES", 20_000)
    with tarfile.open(tmp_path / "a", "w:gz", format=tarfile.PAX_FORMAT) as packed:
        info = tarfile.TarInfo("a.png")
        info.pax_headers = {"comment": "x" * 100_000}
        packed.addfile(info)
    with pytest.raises(Damaged, match="a header is too long"):
        unpacked(tmp_path / "a")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_damaged_and_leaves_nothing(
    tmp_path: Path, pack: Pack, share: float
) -> None:
    noise = {f"{i}.png": bytes((i * k * k) % 251 for k in range(3000)) for i in range(9)}
    archive = pack(tmp_path / "a", noise)
    data = archive.read_bytes().rstrip(b"\0")  # a tar is padded
    archive.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Damaged, match="delete it, and it will be fetched again"):
        unpacked(archive)
    nothing_else(tmp_path, "a")


def test_a_tar_cut_between_two_members_is_damaged(tmp_path: Path) -> None:
    archive = PACKS["tar"](tmp_path / "a", PLAIN)
    archive.write_bytes(archive.read_bytes()[: 512 + 1024])
    with pytest.raises(Damaged, match="it breaks off"):
        unpacked(archive)


@pytest.mark.parametrize(
    "data", [b"", b"<html>not found</html>", b"\x1f\x8bnonsense", b"PK\x03\x04"]
)
def test_what_is_no_archive_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "page.zip").write_bytes(data)
    with pytest.raises(Damaged, match=r"page\.zip: is not a whole archive \(.+\); delete it"):
        unpacked(tmp_path / "page.zip")


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.zip: no such file"):
        unpacked(tmp_path / "none.zip")


def test_what_stood_there_stays_if_the_new_archive_is_damaged(tmp_path: Path) -> None:
    unpacked(pack_zip(tmp_path / "a", PLAIN))
    (tmp_path / "a").write_bytes(b"PK\x03\x04")
    with pytest.raises(Damaged):
        unpacked(tmp_path / "a")
    assert content(tmp_path / "out") == PLAIN


def test_composed_and_decomposed_names_become_one_kind(tmp_path: Path, pack: Pack) -> None:
    name = "Straße/Küche é.png"
    unpacked(pack(tmp_path / "a", {unicodedata.normalize("NFD", name): b"1"}))
    assert list(content(tmp_path / "out")) == [unicodedata.normalize("NFC", name)]


def test_names_that_would_collide_somewhere_get_numbers(tmp_path: Path, pack: Pack) -> None:
    composed, decomposed = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    files = {"a.png": b"1", "A.PNG": b"2", "a.PNG": b"3", composed: b"4", decomposed: b"5"}
    result = unpacked(pack(tmp_path / "a", files))
    assert sorted(content(tmp_path / "out").values()) == [b"1", b"2", b"3", b"4", b"5"]
    assert [path.as_posix() for path in result.files] == [
        "a.png", "A-2.PNG", "a-3.PNG", composed, unicodedata.normalize("NFC", "é-2.png")
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_name_that_occurs_twice_overwrites_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as packed:
        packed.writestr("a.png", b"first")
        packed.writestr("a.png", b"second")
    unpacked(tmp_path / "a")
    assert content(tmp_path / "out") == {"a.png": b"first", "a-2.png": b"second"}


def test_a_file_that_is_also_a_folder_breaks_nothing(tmp_path: Path, pack: Pack) -> None:
    files = {"a": b"1", "A/b": b"2", "c/d": b"3", "C": b"4"}
    result = unpacked(pack(tmp_path / "a", files))
    assert content(tmp_path / "out") == {"a": b"1", "c/d": b"3", "C-2": b"4"}
    assert result.refused == [("A/b", "its folder is a file of the same archive")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a//./b.png", "a/b.png"),
        ('a<b>:"|?*.png', "a_b______.png"),
        ("tab\there\x7f.png", "tab_here_.png"),
        ("ends. /dots..", "ends__/dots__"),
        ("CON/nul.png", "_CON/_nul.png"),
        ("COM1.tar.gz", "_COM1.tar.gz"),
        ("console.png", "console.png"),
        ("\udce4.png", "_.png"),
        ("Hermosísima.png", "Hermosísima.png"),
    ],
)
def test_names_become_what_every_file_system_takes(name: str, expected: str) -> None:
    assert safe_path(name) == PurePosixPath(unicodedata.normalize("NFC", expected))


def test_long_names_are_cut_stay_distinct_and_keep_their_ending() -> None:
    first, second = (safe_path(f"{'ü' * 200}{mark}.jpeg").name for mark in "ab")
    assert first != second
    assert first.endswith(".jpeg")
    assert len(first.encode()) <= 200


@given(st.text(st.characters(), max_size=40))
def test_no_name_leads_out(name: str) -> None:
    try:
        path = safe_path(name)
    except Unsafe:
        return
    assert not path.is_absolute()
    assert path.parts
    for part in path.parts:
        assert part not in ("", ".", "..")
        assert not set(part) & set('\\/:*?"<>|\0')
        assert part == part.rstrip(". ")
        part.encode()


@given(st.sampled_from(sorted(PACKS)), st.integers(0, 10_000), st.integers(0, 255))
def test_one_wrong_byte_gives_files_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, kind: str, place: int, value: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    data = bytearray(PACKS[kind](folder / "a", PLAIN).read_bytes())
    data[place % len(data)] = value
    (folder / "a").write_bytes(data)
    try:
        result = unpacked(folder / "a")
    except PipelineError:
        return
    assert len(content(folder / "out")) == len(result.files)


def test_patterns_are_of_the_shell() -> None:
    path = PurePosixPath("set/images/1.jpg")
    assert is_wanted(path, ["*.png", "*/images/*"])
    assert not is_wanted(path, ["images/*", "*/image/*", ""])
