"""The corpus of bad uploads: every one is refused, or comes out as nothing but a picture (reliability.md 34)."""

import io
import re
import socket
import struct
import threading
from collections.abc import Iterator

import pikepdf
import pytest
from PIL import Image

from core import antivirus, uploads
from core.errors import DomainError
from tests.uploads import EICAR, GPS_WORDS, PHP, SCRIPT, huge_png, pdf, picture, polyglot, with_exif, zip_of

BIG = picture(1600, 1000, "PNG") + b"\0" * (9 * 1024 * 1024)
REFUSED = {
    "empty": ("a.jpg", b"", "empty"),
    "nine megabytes": ("a.png", BIG, "size"),
    "svg": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type"),
    "svg called jpg": ("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type"),
    "html": ("a.html", b"<html>" + SCRIPT, "type"),
    "php": ("a.php", PHP, "type"),
    "php called jpg": ("a.jpg", PHP, "type"),
    "gif": ("a.gif", b"GIF89a" + SCRIPT, "type"),
    "eicar": ("eicar.com", EICAR, "type"),
    "zip bomb": ("a.jpg", zip_of("0", b"\0" * 5_000_000), "type"),
    "riff that is no webp": ("a.webp", b"RIFF\x00\x00\x00\x00WAVEfmt ", "type"),
    "webp without riff": ("a.webp", b"XXXX\x00\x00\x00\x00WEBPVP8 ", "type"),
    "81 million pixels": ("a.png", huge_png(), "pixels"),
    "30 million pixels": ("a.png", huge_png(5_480), "pixels"),
    "truncated": ("a.jpg", picture(1600, 1000)[:-2000], "broken"),
    "truncated png": ("a.png", picture(1600, 1000, "PNG")[:200], "broken"),
    "only the first bytes": ("a.jpg", b"\xff\xd8\xff" + b"A" * 500, "broken"),
    "jpeg called png": ("a.png", picture(), "extension"),
    "jpeg called php": ("a.jpg.php", picture(), "extension"),
    "jpeg without a name": ("", picture(), "extension"),
    "png called html": ("a.html", picture(kind="PNG"), "extension"),
    "pdf where pictures belong": ("a.pdf", pdf(), "type"),
}  # fmt: skip


def code_of(name: str, content: bytes, **options) -> str:
    with pytest.raises(DomainError) as refused:
        uploads.accept(name=name, content=content, **options)
    assert refused.value.field == "file"
    return str(refused.value.code)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_picture_is_refused_with_a_reason(case):
    name, content, code = REFUSED[case]

    assert code_of(name, content) == code


def test_the_big_one_is_small_to_send():
    assert len(huge_png()) < 12_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.JPG", polyglot()),
        ("a.jpeg", with_exif()),
        ("a.png", picture(kind="PNG", mode="RGBA") + SCRIPT + PHP),
        ("a.webp", picture(kind="WEBP") + zip_of("x", PHP)),
        ("a.png", picture(kind="PNG", mode="L")),
    ],
    ids=["polyglot", "exif", "png with a tail", "webp with a tail", "grey"],
)
def test_a_picture_comes_out_as_pixels_and_nothing_else(name, content):
    clean = uploads.accept(name=name, content=content)

    for payload in (SCRIPT, PHP, b"PK\x03\x04", b"CANARY", GPS_WORDS, b"Exif"):
        assert payload not in clean.content
    with Image.open(io.BytesIO(clean.content)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (clean.width, clean.height))
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert clean.media_type == "image/jpeg"


def test_a_picture_is_turned_as_the_camera_was_held():
    clean = uploads.accept(name="a.jpg", content=with_exif())

    assert (clean.width, clean.height) == (400, 640)


def test_a_picture_of_the_most_pixels_fits_into_the_memory_and_is_made_smaller():
    clean = uploads.accept(name="a.png", content=picture(5_000, 5_000, "PNG"))

    assert (clean.width, clean.height) == (2400, 2400)


def test_a_pdf_loses_everything_that_acts():
    content = pdf(script=True, attachment=True, link=True, form=True)

    clean = uploads.accept(name="a.pdf", content=content, is_pdf_allowed=True)

    assert not re.search(rb"CANARY|JavaScript|/JS|Launch|EmbeddedFile|/URI|XFA|/AA|OpenAction", clean.content)
    with pikepdf.open(io.BytesIO(clean.content)) as made:
        assert len(made.pages) == 1
        assert not made.attachments
        assert set(made.Root.keys()) <= {"/Type", "/Pages"}
    assert clean.media_type == "application/pdf"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pdf(password="geheim"), "encrypted"),
        (pdf(pages=31), "pages"),
        (b"%PDF-1.7 and then nothing", "broken"),
        (b"%PDF-1.7\n" + SCRIPT * 100, "broken"),
    ],
)
def test_a_pdf_that_cannot_be_cleaned_is_refused(content, code):
    assert code_of("a.pdf", content, is_pdf_allowed=True) == code


def test_a_decoder_that_does_not_end_is_stopped(monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(uploads, "WORKER", worker)
    monkeypatch.setattr(uploads, "WALL_SECONDS", 0.3)

    assert code_of("a.jpg", picture()) == "broken"


@pytest.mark.parametrize("death", ["import os; os.kill(os.getpid(), 9)", "raise SystemExit(3)", "print('rm -rf')"])
def test_a_decoder_that_dies_is_a_refusal(monkeypatch, tmp_path, death):
    worker = tmp_path / "worker.py"
    worker.write_text(f"{death}\nraise SystemExit(3)\n")
    monkeypatch.setattr(uploads, "WORKER", worker)

    assert code_of("a.jpg", picture()) == "broken"


# ---- the virus scanner ----------------------------------------------------------------------------------------------


@pytest.fixture
def clamd(settings) -> Iterator[dict[str, bytes]]:
    """A stand-in that speaks clamd's INSTREAM and knows one virus; `answer` replaces what it says."""
    server = socket.create_server(("127.0.0.1", 0))
    told: dict[str, bytes] = {"seen": b""}

    def serve() -> None:
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack(">I", stream.read(4))[0]:
                    content += stream.read(size)
                told["seen"] = content
                found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
                connection.sendall(told.get("answer", found))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings.CLAMD_URL = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    yield told
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_the_scanner_refuses_a_virus_in_a_picture(clamd):
    content = picture() + EICAR

    assert code_of("a.jpg", content) == "virus"
    assert clamd["seen"] == content


def test_the_scanner_lets_a_picture_pass(clamd):
    content = picture(2400, 1600, quality=100)

    assert uploads.accept(name="a.jpg", content=content).width == 2400
    assert clamd["seen"] == content


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b""])
def test_without_an_answer_of_the_scanner_nothing_is_stored(clamd, answer):
    clamd["answer"] = answer

    assert code_of("a.jpg", picture()) == "no_scanner"


def test_a_scanner_that_is_away_refuses_too(settings, tmp_path):
    settings.CLAMD_URL = f"unix://{tmp_path}/nobody.ctl"

    assert code_of("a.jpg", picture()) == "no_scanner"
    settings.CLAMD_URL = ""
    assert antivirus.scan(EICAR) == ""
