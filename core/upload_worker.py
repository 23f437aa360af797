"""The process that opens what somebody uploaded: `python -I upload_worker.py image|pdf`, bytes in, clean bytes out.

It knows nothing of the application and has little memory and time. Nothing of the original survives but what was
decoded: pixels are encoded again, a PDF loses everything that acts. Answers: status 0 and the clean file on standard
output, its size in pixels in front ("1600x1000\\n"); status 3 and one word on standard output for a refusal; anything
else (killed, out of memory) is a refusal without a word.
"""

import io
import resource
import sys
import warnings

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
PIXEL_LIMIT = 25_000_000
LONGEST_SIDE = 2400  # enough to read a document; what is larger is made smaller
QUALITY = 85
PDF_PAGES = 30
FORMATS = ("JPEG", "PNG", "WEBP")
REFUSED = 3
# By the names of the errors, because their libraries are imported after the limits are set.
WORDS = {
    "MemoryError": b"pixels",
    "DecompressionBombWarning": b"pixels",
    "DecompressionBombError": b"pixels",
    "PasswordError": b"encrypted",
}
# Keys of a PDF that start something, fetch something or carry another file.
ACTING = (
    "/OpenAction", "/AA", "/JS", "/JavaScript", "/Launch", "/EmbeddedFiles", "/EmbeddedFile", "/EF", "/AF", "/XFA",
    "/AcroForm", "/RichMedia", "/Collection", "/Names", "/Annots", "/A", "/PieceInfo", "/Metadata", "/Perms",
)  # fmt: skip


class RefusedError(Exception):
    """One word that the application has a sentence for."""


def limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean_image(content: bytes) -> tuple[bytes, str]:
    """Return a JPEG without anything but pixels, turned as the camera was held."""
    from PIL import Image, ImageOps  # noqa: PLC0415 -- after the limits are set

    Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > PIXEL_LIMIT:
            raise RefusedError("pixels")
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright.convert("RGB"), mask=upright.convert("RGBA").getchannel("A"))
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=QUALITY)
        return out.getvalue(), f"{flat.width}x{flat.height}"


def clean_pdf(content: bytes) -> tuple[bytes, str]:
    """Return the pages without scripts, forms, links, attachments and metadata."""
    import pikepdf  # noqa: PLC0415 -- after the limits are set

    with pikepdf.open(io.BytesIO(content)) as pdf:
        if pdf.is_encrypted:
            raise RefusedError("encrypted")
        if not 0 < len(pdf.pages) <= PDF_PAGES:
            raise RefusedError("pages")
        for part in pdf.objects:
            _remove_actions(part, pikepdf)
        if "/Info" in pdf.trailer:
            del pdf.trailer["/Info"]
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue(), "0x0"


def _remove_actions(part: object, pikepdf: object) -> None:
    """Direct dictionaries inside are visited too: an action need not be an object of its own."""
    if isinstance(part, pikepdf.Stream):  # type: ignore[attr-defined]
        part = part.stream_dict
    if isinstance(part, pikepdf.Dictionary):  # type: ignore[attr-defined]
        for key in ACTING:
            if key in part:
                del part[key]
        for key in list(part.keys()):
            _visit(part[key], pikepdf)
    elif isinstance(part, pikepdf.Array):  # type: ignore[attr-defined]
        for item in part:
            _visit(item, pikepdf)


def _visit(value: object, pikepdf: object) -> None:
    is_container = isinstance(value, pikepdf.Dictionary | pikepdf.Array)  # type: ignore[attr-defined]
    if is_container and not value.is_indirect:  # type: ignore[attr-defined]
        _remove_actions(value, pikepdf)


def main() -> int:
    clean = {"image": clean_image, "pdf": clean_pdf}[sys.argv[1]]
    limit_resources()
    warnings.simplefilter("error")
    out = sys.stdout.buffer
    try:
        content, size = clean(sys.stdin.buffer.read())
    except RefusedError as refused:
        out.write(str(refused).encode())
        return REFUSED
    except Exception as error:  # noqa: BLE001 -- whatever a decoder raises at a strange file means the same
        out.write(WORDS.get(type(error).__name__, b"broken"))
        return REFUSED
    out.write(f"{size}\n".encode() + content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
