"""Words over a picture of a document, drawn whenever it is shown: who looks, when, and what it may be used for."""

import io
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

Letters = ImageFont.FreeTypeFont | ImageFont.ImageFont

ANGLE = 30
OPACITY = 140
QUALITY = 80
# Where a Chinese font is when the packaged one is not: the usual places of Debian, Fedora and macOS.
SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


def has_chinese_font() -> bool:
    """Whether names and purposes can be drawn; without one only Latin words can."""
    return _font_path() is not None


def stamp(jpeg: bytes, lines: list[str]) -> bytes:
    """Return the picture with the lines repeated all over it, slanted, readable on light and dark."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        picture = image.convert("RGB")
    tile = _tile("\n".join(lines), font(max(picture.width // 32, 14)))
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    for row, top in enumerate(range(-tile.height // 2, picture.height, int(tile.height * 1.05))):
        for left in range(-tile.width // 2 * (row % 2), picture.width, int(tile.width * 1.05)):
            layer.paste(tile, (left, top), tile)
    picture.paste(layer, mask=layer.getchannel("A"))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _tile(text: str, letters: Letters) -> Image.Image:
    """The words once, white with a dark edge, turned."""
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=letters)
    tile = Image.new("RGBA", (int(right - left) + 24, int(bottom - top) + 24), (0, 0, 0, 0))
    draw = ImageDraw.Draw(tile)
    dark, light = (20, 20, 20, OPACITY), (255, 255, 255, OPACITY)
    draw.multiline_text((12 - left, 12 - top), text, font=letters, fill=light, stroke_width=1, stroke_fill=dark)
    return tile.rotate(ANGLE, expand=True, resample=Image.Resampling.BILINEAR)


@cache
def _font_path() -> str | None:
    packaged = Path(settings.FONT_FILE)
    return next((str(path) for path in (packaged, *map(Path, SYSTEM_FONTS)) if path.exists()), None)


@cache
def font(size: int) -> Letters:
    """The packaged letters, else those of the system, else Latin ones only."""
    path = _font_path()
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
