"""Files as people and attackers send them, made here: nothing of the kind lies in the repository."""

import io
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image, TiffImagePlugin

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCRIPT = b"<script>alert(1)</script>"
PHP = b"<?php system($_GET['c']); ?>"
GPS_WORDS = b"GPS-CANARY-30.25N-120.16E"


def picture(width: int = 640, height: int = 400, kind: str = "JPEG", mode: str = "RGB", **options) -> bytes:
    out = io.BytesIO()
    colour = (30, 90, 160) if mode == "RGB" else (30, 90, 160, 128) if mode == "RGBA" else 90
    Image.new(mode, (width, height), colour).save(out, kind, **options)
    return out.getvalue()


def zip_of(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def polyglot() -> bytes:
    """A picture that is a page, a program and an archive as well (GIFAR)."""
    return picture() + SCRIPT + PHP + zip_of("evil.class", b"CANARY-IN-ZIP")


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = GPS_WORDS.decode()
    exif[0x0112] = 6  # held upright
    exif.get_ifd(0x8825)[2] = tuple(TiffImagePlugin.IFDRational(number) for number in (30, 15, 0))
    return picture(exif=exif, comment=SCRIPT)


def huge_png(side: int = 9_000) -> bytes:
    """A valid PNG of 81 million pixels in some ten thousand bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compressobj(9)
    line = b"\0" * (1 + side // 8)
    body = b"".join(rows.compress(line) for _row in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pdf(*, pages: int = 1, password: str = "", **acting: bool) -> bytes:
    """A PDF; `script`, `attachment`, `link` and `form` say what it brings."""
    made = pikepdf.new()
    for _page in range(pages):
        made.add_blank_page(page_size=(300, 200))
    if acting.get("script"):
        made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('CANARY-JS')")
        names = pikepdf.Array(["run", pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="this.CANARY_JS")])
        made.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=names))
        made.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="CANARY-LAUNCH.exe"))
    if acting.get("attachment"):
        made.attachments["evil.exe"] = b"MZ-CANARY-ATTACHMENT"
    if acting.get("link"):
        action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://CANARY-LINK.example")
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        made.pages[0].Annots = pikepdf.Array([link])
    if acting.get("form"):
        made.Root.AcroForm = pikepdf.Dictionary(XFA="CANARY-XFA", Fields=pikepdf.Array([]))
    out = io.BytesIO()
    made.save(out, encryption=pikepdf.Encryption(user=password, owner=password) if password else False)
    return out.getvalue()
