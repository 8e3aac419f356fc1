"""Files are downloaded once and complete, whatever fails on the way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from urllib.error import URLError

import pytest

import zpix
from tests.surveys.conftest import FILE_BYTES, SERVER
from zpix.cli import main
from zpix.errors import BandError, ConfigError, DownloadError, InputFileError, OutputError
from zpix.image import open_mosaic
from zpix.jobs.fetch import fetch
from zpix.surveys import RELEASES

SEGMENTATION = next(file for file in RELEASES["jades-dr2"].files if file.part == "segmentation")


def fetch_one(archive, out, **options):
    """The segmentation map alone."""
    return fetch("jades-dr2", out=out, parts=["segmentation"], mirror=archive.url, **options)[0]


def test_each_file_of_a_release_is_downloaded_once(archive, tmp_path):
    files = zpix.fetch("jades-dr2", out=tmp_path / "jades", mirror=archive.url)
    assert [file.path.name for file in files] == [file.name for file in RELEASES["jades-dr2"].files]
    for file in files:
        assert file.path.read_bytes() == (archive.folder / file.file.path).read_bytes()
        assert file.whole and file.present == file.size == FILE_BYTES
    assert len(archive.bodies()) == len(files) == 12
    record = json.loads((tmp_path / "jades" / "fetched.json").read_text())
    first = files[0]
    assert record["whole"][first.path.name] == {
        "url": first.url, "size": FILE_BYTES, "sha256": hashlib.sha256(first.path.read_bytes()).hexdigest(),
    }  # fmt: skip
    assert record["begun"] == {}
    assert len(list((tmp_path / "jades").iterdir())) == 13

    archive.requests.clear()
    assert fetch("jades-dr2", out=tmp_path / "jades", mirror=archive.url) == tuple(
        type(file)(file.file, file.url, file.path, file.size, file.present, True) for file in files
    )
    assert archive.requests == []  # nor is the network needed


def test_complete_files_need_no_folder_that_can_be_written(archive, tmp_path):
    fetch_one(archive, tmp_path)
    before = (tmp_path / "fetched.json").stat().st_mtime_ns
    assert fetch("jades-dr2", out=tmp_path, parts=["segmentation"], mirror="http://another.example/")[0].whole
    assert (tmp_path / "fetched.json").stat().st_mtime_ns == before


def test_bands_and_parts_are_chosen(archive, tmp_path):
    files = fetch("jades-dr2", out=tmp_path, bands=["f090w", "F444W"], parts=["mosaics"], mirror=archive.url)
    assert [file.file.band for file in files] == ["F090W", "F444W"]
    assert len(archive.bodies()) == 2
    assert len(fetch("jades-dr2", out=tmp_path, bands=["F444W"], mirror=archive.url, dry_run=True)) == 4
    with pytest.raises(BandError, match=r"F560W.*F090W"):
        fetch("jades-dr2", bands=["F560W"])
    with pytest.raises(ConfigError, match=r"'images'.*mosaics, segmentation, catalogue, redshifts"):
        fetch("jades-dr2", parts=["images"])
    with pytest.raises(ConfigError, match=r"'jades'.*jades-dr2, jades-dr4, galaxiesml"):
        fetch("jades")


def test_a_dry_run_lists_files_and_downloads_nothing(archive, tmp_path):
    out = tmp_path / "galaxies"
    files = fetch("galaxiesml", out=out, mirror=archive.url, dry_run=True)
    assert [(file.size, file.present, file.whole) for file in files] == 3 * [(FILE_BYTES, 0, False)]
    assert files[0].path == out / "5x64x64_training_with_morphology.hdf5"
    assert files[0].url == f"{archive.url}/5x64x64_training_with_morphology.hdf5"
    assert archive.bodies() == [] and not out.exists()


def test_the_cache_can_be_chosen(archive, tmp_path, monkeypatch):
    def place(**options):
        return fetch("galaxiesml", mirror=archive.url, dry_run=True, **options)[0].path.parent

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert place() == tmp_path / "home" / ".cache" / "zpix" / "galaxiesml"
    monkeypatch.setenv("ZPIX_CACHE", str(tmp_path / "mine"))
    assert place() == tmp_path / "mine" / "galaxiesml"
    assert place(cache=tmp_path / "other") == tmp_path / "other" / "galaxiesml"
    with pytest.raises(ConfigError, match="give one"):
        place(cache=tmp_path, out=tmp_path)


def test_a_broken_connection_is_continued_where_it_ended(archive, tmp_path):
    archive.drops = [100_000, 50_000]
    file = fetch_one(archive, tmp_path)
    assert file.path.read_bytes() == (archive.folder / SEGMENTATION.path).read_bytes()
    assert archive.bodies() == [(SEGMENTATION.name, start) for start in (0, 100_000, 150_000)]


def test_after_a_server_stops_answering_the_next_run_continues(archive, tmp_path):
    archive.drops = [100_000, 0, 0, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"ended after 100000 of 300000 bytes \(5 tries\).*continues") as mistake:
        fetch_one(archive, tmp_path)
    assert SEGMENTATION.name in str(mistake.value)
    part = tmp_path / f"{SEGMENTATION.name}.part"
    assert part.stat().st_size == 100_000 and not (tmp_path / SEGMENTATION.name).exists()
    assert fetch_one(archive, tmp_path, dry_run=True).present == 100_000

    archive.requests.clear()
    file = fetch_one(archive, tmp_path)
    assert archive.bodies() == [(SEGMENTATION.name, 100_000)]
    assert file.path.read_bytes() == (archive.folder / SEGMENTATION.path).read_bytes()
    assert not part.exists()


@pytest.mark.parametrize("change", ["content", "length"])
def test_the_rest_of_another_version_is_not_appended(archive, tmp_path, change):
    archive.drops = [100_000] + 5 * [0]
    with pytest.raises(DownloadError):
        fetch_one(archive, tmp_path)
    served = archive.folder / SEGMENTATION.path
    served.write_bytes(b"SIMPLE  =" + b"x" * (FILE_BYTES - 9 if change == "content" else 50_000))
    os.utime(served, ns=(1, 1))
    assert fetch_one(archive, tmp_path).path.read_bytes() == served.read_bytes()


def test_without_ranges_or_versions_the_whole_file_is_sent_again(archive, tmp_path):
    archive.drops, archive.ranges, archive.versions = [100_000], False, False
    file = fetch_one(archive, tmp_path)
    assert file.path.read_bytes() == (archive.folder / SEGMENTATION.path).read_bytes()


def test_without_head_the_first_byte_is_requested(archive, tmp_path):
    archive.heads = False
    assert fetch_one(archive, tmp_path, dry_run=True).size == FILE_BYTES
    assert archive.requests[-1] == ("GET", SEGMENTATION.name, 0)
    assert fetch_one(archive, tmp_path).whole
    archive.ranges = False
    assert fetch_one(archive, tmp_path / "other").whole


def test_temporary_failures_are_tried_again(archive, tmp_path):
    archive.errors = [503, 429]
    assert fetch_one(archive, tmp_path).whole
    archive.errors = 5 * [503]
    with pytest.raises(DownloadError, match=r"503.*5 tries"):
        fetch("galaxiesml", out=tmp_path, mirror=archive.url)


def test_a_missing_file_is_an_error_before_any_download(archive, tmp_path):
    (archive.folder / SEGMENTATION.path).unlink()
    with pytest.raises(DownloadError, match=rf"{SEGMENTATION.name}: cannot be downloaded: the server answers 404"):
        fetch("jades-dr2", out=tmp_path / "out", mirror=archive.url)
    assert archive.bodies() == [] and not (tmp_path / "out").exists()


def test_another_size_than_stated_is_refused(archive, tmp_path):
    archive.wrong_size = -1000
    with pytest.raises(DownloadError, match="sends 299000 bytes, but announced 300000"):
        fetch_one(archive, tmp_path)
    assert not (tmp_path / SEGMENTATION.name).exists()


def test_a_web_page_instead_of_a_file_is_refused(archive, tmp_path):
    (archive.folder / SEGMENTATION.path).write_bytes(b"<html>please log in</html>")
    with pytest.raises(DownloadError, match="not a FITS file"):
        fetch_one(archive, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if SEGMENTATION.name in path.name] == []


def test_no_network_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zpix.surveys.transfer._FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(
        sys, "argv", ["zpix", "fetch", "jades-dr2", "--out", str(tmp_path / "out"), "--mirror", "http://127.0.0.1:9/"]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Connection refused" in said and "http://127.0.0.1:9/dr2" in said
    assert not (tmp_path / "out").exists()


def test_an_unknown_server_is_one_sentence(tmp_path, monkeypatch):
    def unknown(*_, **__):
        raise URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setattr("zpix.surveys.transfer._FIRST_WAIT_S", 0.0)
    monkeypatch.setattr("zpix.surveys.transfer.urlopen", unknown)
    with pytest.raises(
        DownloadError, match=r"Combined_DR4.*server does not exist, or there is no network \(5 tries\)$"
    ):
        fetch("jades-dr4", out=tmp_path / "out")


def test_checksums_are_compared(archive, tmp_path):
    content = (archive.folder / SEGMENTATION.path).read_bytes()
    listed = tmp_path / "sums"
    listed.write_text(f"{hashlib.md5(content).hexdigest()}  some/where/{SEGMENTATION.name}\n")
    assert fetch_one(archive, tmp_path / "right", checksums=listed).whole
    wrong = {SEGMENTATION.name: hashlib.sha256(b"").hexdigest()}
    with pytest.raises(DownloadError, match=r"SHA256 is .* instead of e3b0c442"):
        fetch_one(archive, tmp_path / "wrong", checksums=wrong)
    assert [path.name for path in (tmp_path / "wrong").iterdir()] == ["fetched.json"]
    with pytest.raises(DownloadError, match="instead of e3b0c442"):  # of what is here already too
        fetch_one(archive, tmp_path / "right", checksums=wrong)
    for text, word in (("xyz\n", "not a line of sha256sum"), ("abcd  name\n", "MD5, SHA-1 and SHA-256")):
        listed.write_text(text)
        with pytest.raises(InputFileError, match=word):
            fetch_one(archive, tmp_path / "new", checksums=listed)
    with pytest.raises(InputFileError, match="cannot be read"):
        fetch_one(archive, tmp_path / "new", checksums=tmp_path / "none")


def test_a_file_that_has_changed_since_is_noticed(archive, tmp_path):
    path = fetch_one(archive, tmp_path).path
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DownloadError, match="has changed since"):
        fetch_one(archive, tmp_path)
    path.write_bytes(content[:-1])
    with pytest.raises(DownloadError, match="has 299999 bytes instead of 300000"):
        fetch_one(archive, tmp_path)
    path.unlink()
    assert fetch_one(archive, tmp_path).path.read_bytes() == content


def test_a_complete_file_from_elsewhere_is_kept(archive, tmp_path):
    content = (archive.folder / SEGMENTATION.path).read_bytes()
    (tmp_path / SEGMENTATION.name).write_bytes(content)
    assert fetch_one(archive, tmp_path).whole and archive.bodies() == []
    assert SEGMENTATION.name in json.loads((tmp_path / "fetched.json").read_text())["whole"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / SEGMENTATION.name).write_bytes(content[:1000])
    with pytest.raises(DownloadError, match="has 1000 bytes instead of 300000"):
        fetch_one(archive, tmp_path / "other")


def test_a_full_disk_and_a_forbidden_folder_are_errors_before_any_download(archive, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_one(archive, tmp_path / "file" / "folder")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(OutputError, match="are missing, and only"):
        fetch_one(archive, tmp_path / "full")
    assert archive.bodies() == []


def test_a_broken_record_is_one_sentence(archive, tmp_path):
    for text in ("{", "[]", '{"whole": {"a": {}}, "begun": {}}'):
        (tmp_path / "fetched.json").write_text(text)
        with pytest.raises(DownloadError, match=r"fetched\.json: not a record"):
            fetch_one(archive, tmp_path)


def test_models_come_from_a_server_that_the_user_names(archive, tmp_path):
    with pytest.raises(ConfigError, match=r"comes with zpix.*--mirror"):
        fetch("model", out=tmp_path)
    (archive.folder / "default.safetensors").write_bytes(b"weights")
    (file,) = fetch("model", out=tmp_path, mirror=archive.url + "/")
    assert file.path.read_bytes() == b"weights"
    with pytest.raises(ConfigError, match="http://"):
        fetch("model", mirror="ftp://example.org")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_killed_download_is_continued_to_the_same_files(archive, tmp_path, monkeypatch, capsys, how, code):
    archive.bytes_per_second = 200_000
    out = tmp_path / "out"
    command = [sys.executable, "-m", "zpix", "fetch", "galaxiesml", "--out", str(out), "--mirror", archive.url]
    environment = {**os.environ, "PYTHONPATH": str(Path(zpix.__file__).parents[1])}
    first = RELEASES["galaxiesml"].files[0].name
    part = out / f"{first}.part"
    heard = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # also behind a shell's &
    ended = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, preexec_fn=heard)
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 50_000):
        assert ended.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(ended.pid, how)
    assert ended.wait() == code
    have = part.stat().st_size
    assert 0 < have < FILE_BYTES and not (out / first).exists()

    archive.bytes_per_second = float("inf")
    archive.requests.clear()
    monkeypatch.setattr(sys, "argv", ["zpix", *command[3:]])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    said = capsys.readouterr()
    assert archive.bodies()[0] == (first, have)
    for file in RELEASES["galaxiesml"].files:
        assert (out / file.name).read_bytes() == (archive.folder / file.path).read_bytes()
    assert "3 files, 0.9 MB, 0.0 MB to be fetched" in said.out and said.err == ""


def test_two_processes_do_not_write_to_one_file(archive, tmp_path):
    archive.bytes_per_second = 200_000
    command = [sys.executable, "-m", "zpix", "fetch", "galaxiesml", "--out", str(tmp_path), "--mirror", archive.url]
    other = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path(zpix.__file__).parents[1])})
    part = tmp_path / f"{RELEASES['galaxiesml'].files[0].name}.part"
    try:
        while not (part.exists() and part.stat().st_size > 10_000):
            assert other.poll() is None
            time.sleep(0.01)
        with pytest.raises(OutputError, match="another process"):
            fetch("galaxiesml", out=tmp_path, mirror=archive.url)
    finally:
        other.kill()
        other.wait()


def test_the_help_names_every_release():
    from zpix.cli.surveys import fetch_command as command

    described = str(command.__annotations__["release"])
    assert all(f"{name}" in described for name in RELEASES)


def test_the_stand_in_of_the_archives_can_be_downloaded(survey_archive, archive, tmp_path):
    with SERVER["serve"](survey_archive) as url:
        files = fetch("jades-dr2", out=tmp_path, bands=["F444W"], mirror=f"{url}/hlsps/jades")
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F444W",)
    assert len(files) == 4
