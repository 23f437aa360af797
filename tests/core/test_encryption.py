"""Encrypted values: what they are made of, what refuses to open, and a process that does not start without keys."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from core.encryption import (
    Ciphertext,
    DecryptionError,
    UnknownKeyError,
    blind_index,
    check_keys,
    parse_index_key,
    parse_keys,
    seal,
)
from dealership.local_keys import local_keys

ROOT = Path(__file__).resolve().parent.parent.parent
OLD, NEW, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
PLACE = "customers_customeridentity.number|6f6c3f0e"


@pytest.fixture
def old_key(settings):
    settings.FIELD_KEYS = f"old:{OLD}"
    return settings


@pytest.mark.parametrize("text", ["", "11010519491231002X", "证件 🚗" * 50])
def test_seal_opens_at_its_own_place_only(old_key, text):
    value = seal(text, PLACE)

    assert value.open(PLACE) == text
    assert value.key_id == "old"
    for foreign in ("customers_customeridentity.number|other", "customers_customer.name|6f6c3f0e", ""):
        with pytest.raises(DecryptionError):
            value.open(foreign)


def test_seal_never_writes_the_same_bytes_twice_and_hides_the_text(old_key):
    values = {seal("11010519491231002X", PLACE).raw for _ in range(50)}

    assert len(values) == 50
    assert not any(b"11010519491231002X" in raw for raw in values)
    assert {len(raw) for raw in values} == {1 + 1 + 3 + 12 + 18 + 16}


def test_an_old_key_still_reads_and_the_first_key_writes(old_key):
    before = seal("110101199003070011", PLACE)

    old_key.FIELD_KEYS = f"new:{NEW},old:{OLD}"

    assert before.open(PLACE) == "110101199003070011"
    assert seal("x", PLACE).key_id == "new"


def test_a_missing_key_raises_and_names_the_key_but_not_the_value(old_key):
    value = seal("110101199003070011", PLACE)
    old_key.FIELD_KEYS = f"new:{NEW}"

    with pytest.raises(UnknownKeyError, match="'old' is not in FIELD_KEYS") as caught:
        value.open(PLACE)

    assert "6f6c3f0e" not in str(caught.value)
    assert "1101" not in str(caught.value)


def test_another_key_under_the_same_id_raises(old_key):
    value = seal("110101199003070011", PLACE)
    old_key.FIELD_KEYS = f"old:{OTHER}"

    with pytest.raises(DecryptionError, match="does not open the value"):
        value.open(PLACE)


@pytest.mark.parametrize("position", [0, 1, 2, 6, 20, -1])
def test_a_changed_byte_raises(old_key, position):
    raw = bytearray(seal("110101199003070011", PLACE).raw)
    raw[position] ^= 1

    with pytest.raises(DecryptionError):
        Ciphertext(bytes(raw)).open(PLACE)


@pytest.mark.parametrize("raw", [b"", b"\x01", b"plain text that somebody wrote by hand"])
def test_bytes_that_are_no_value_of_ours_raise(old_key, raw):
    with pytest.raises(DecryptionError):
        Ciphertext(raw).open(PLACE)


def test_ciphertext_shows_nothing_when_printed(old_key):
    value = seal("110101199003070011", PLACE)

    assert f"{value} {value!r} {[value]}" == "<encrypted> <encrypted> [<encrypted>]"


def test_blind_index_is_keyed_and_differs_by_purpose(settings):
    first = blind_index("110101199003070011", purpose="identity:id_card")

    assert first == blind_index("110101199003070011", purpose="identity:id_card")
    assert first != blind_index("110101199003070011", purpose="identity:licence")
    assert len(first) == 64
    settings.INDEX_KEY = OTHER
    assert first != blind_index("110101199003070011", purpose="identity:id_card")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        (OLD, "not of the form"),
        (f"a b:{OLD}", "not of the form"),
        (f"a:{OLD},a:{NEW}", "twice"),
        (f"a:{OLD},b:{OLD}", "same key"),
        ("a:%%%", "not base64"),
        ("a:c2hvcnQ=", "has 5 bytes instead of 32"),
    ],
)
def test_parse_keys_says_what_is_wrong(text, complaint):
    with pytest.raises(ImproperlyConfigured, match=complaint):
        parse_keys(text)


def test_keys_are_not_printed():
    assert repr(parse_keys(f"a:{OLD},b:{NEW}")) == "<KeyRing a, b>"


def test_check_keys_wants_an_index_key_of_its_own(settings):
    settings.FIELD_KEYS, settings.INDEX_KEY = f"a:{OLD}", OLD

    with pytest.raises(ImproperlyConfigured, match="must differ"):
        check_keys()
    with pytest.raises(ImproperlyConfigured, match="INDEX_KEY is empty"):
        parse_index_key(" ")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"INDEX_KEY": NEW}, "FIELD_KEYS is missing"),
        ({"FIELD_KEYS": f"a:{OLD}"}, "INDEX_KEY is missing"),
        ({"FIELD_KEYS": "a:c2hvcnQ=", "INDEX_KEY": NEW}, "FIELD_KEYS must be id:base64 of 32 bytes"),
    ],
)
def test_production_does_not_start_without_keys(keys, complaint):
    env = {
        **{name: value for name, value in os.environ.items() if name not in ("FIELD_KEYS", "INDEX_KEY")},
        "DJANGO_SETTINGS_MODULE": "dealership.settings.production",
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "crm.example.com",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        **keys,
    }
    code = "import dealership.wsgi"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_local_keys_are_made_once_and_only_for_their_owner(tmp_path):
    path = tmp_path / "var" / "keys.json"

    first = local_keys(path)

    assert local_keys(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]
    assert parse_keys(first["FIELD_KEYS"]).current == "trial1"
    assert parse_index_key(first["INDEX_KEY"])
