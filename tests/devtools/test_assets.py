"""The icon sprite and the copies of third-party files."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from devtools.assets import copy_vendor_file
from devtools.base import StopError
from devtools.sprite import build_sprite, icon_names

PHONE = """<svg xmlns="http://www.w3.org/2000/svg" width="24" stroke="currentColor" stroke-width="2">
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M5 4h4" />
  <path d="M1 1" />
</svg>"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def icons(tmp_path: Path) -> Path:
    folder = tmp_path / "icons"
    folder.mkdir()
    (folder / "phone.svg").write_text(PHONE)
    (folder / "car.svg").write_text(PHONE)
    return folder


def test_icon_names_are_found_in_templates_python_and_the_list(tmp_path: Path) -> None:
    templates, app = tmp_path / "templates", tmp_path / "leads"
    for folder in (templates, app, tmp_path / "tests"):
        folder.mkdir()
    (templates / "a.html").write_text(
        '{% icon "phone" %}{% icon \'car-off\' size=24 %}{% include "b.html" with icon="key" %}'
    )
    (app / "nav.py").write_text('ITEMS = [{"icon": "users"}, Item(icon="bell")]')
    (tmp_path / "tests" / "x.html").write_text('{% icon "unseen" %}')
    (tmp_path / "icons.txt").write_text("# navigation\nhome\nphone  # twice\n\n")

    required, likely = icon_names(tmp_path, tmp_path / "icons.txt")

    assert required == {"phone", "car-off", "home"}
    assert likely == {"key", "users", "bell"}


def test_build_sprite_makes_one_symbol_per_icon_whose_stroke_follows_the_page(icons: Path) -> None:
    sprite = ElementTree.fromstring(build_sprite({"phone"}, {"car", "no-icon-at-all"}, icons))  # noqa: S314

    symbols = sprite.findall(f"{SVG}symbol")
    assert [symbol.get("id") for symbol in symbols] == ["car", "phone"]
    assert symbols[1].attrib == {
        "id": "phone",
        "viewBox": "0 0 24 24",
        "fill": "none",
        "stroke": "currentColor",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
    }
    assert [path.get("d") for path in symbols[1]] == ["M5 4h4", "M1 1"]


def test_build_sprite_names_the_icons_that_do_not_exist(icons: Path) -> None:
    with pytest.raises(StopError, match="no Tabler icon named bicycle, boat;"):
        build_sprite({"phone", "boat", "bicycle"}, set(), icons)


@pytest.mark.parametrize(
    ("name", "content", "copied"),
    [
        ("a.css", "a{b:c}\n/*# sourceMappingURL=a.css.map */", "a{b:c}\n"),
        ("a.js", "f();\n//# sourceMappingURL=a.js.map\n", "f();\n"),
        ("a.woff2", "//# sourceMappingURL=a.js.map", "//# sourceMappingURL=a.js.map"),
    ],
)
def test_copy_vendor_file_drops_the_source_map_of_code_only(
    tmp_path: Path, name: str, content: str, copied: str
) -> None:
    (tmp_path / name).write_text(content)

    copy_vendor_file(tmp_path / name, tmp_path / "vendor")

    assert (tmp_path / "vendor" / name).read_text() == copied
