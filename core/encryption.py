"""Fields that are ciphertext in the database, and keyed hashes to find them by (reliability.md 4.5).

Stored value: version (1 byte) | length of the key id (1) | key id | nonce (12) | AES-256-GCM ciphertext and tag. The
additional data are `table.column|uid of the row`, so a value copied to another row or column does not open. Nothing
here ever returns ciphertext in the place of text: a wrong or missing key raises.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = 1
NONCE_BYTES = 12
KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


class DecryptionError(Exception):
    """A stored value cannot be opened. The message names the place and the key, never the content."""


class UnknownKeyError(DecryptionError):
    """The key that wrote the value is not in FIELD_KEYS."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by id. `current` is what new values are written with; the others only read."""

    current: str
    keys: dict[str, bytes]

    def __repr__(self) -> str:
        return f"<KeyRing {', '.join(self.keys)}>"


def parse_keys(text: str) -> KeyRing:
    """Read "id:base64,id:base64", the first is current. Raises ImproperlyConfigured with what to do."""
    keys: dict[str, bytes] = {}
    for position, part in enumerate((part.strip() for part in text.split(",") if part.strip()), start=1):
        key_id, colon, encoded = part.partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id):
            raise ImproperlyConfigured(f"FIELD_KEYS: entry {position} is not of the form id:base64.")
        if key_id in keys:
            raise ImproperlyConfigured(f"FIELD_KEYS: the id {key_id} stands there twice.")
        keys[key_id] = _decode_key(encoded, f"FIELD_KEYS: key {key_id}")
    if not keys:
        raise ImproperlyConfigured(
            "FIELD_KEYS is empty: encrypted fields need at least one key, written id:base64 (32 random bytes)."
        )
    if len(set(keys.values())) < len(keys):
        raise ImproperlyConfigured("FIELD_KEYS: two ids have the same key; a rotation would change nothing.")
    return KeyRing(next(iter(keys)), keys)


def parse_index_key(text: str) -> bytes:
    """Read the base64 of INDEX_KEY. Raises ImproperlyConfigured."""
    if not text.strip():
        raise ImproperlyConfigured("INDEX_KEY is empty: encrypted values cannot be looked up without it.")
    return _decode_key(text.strip(), "INDEX_KEY")


def check_keys() -> None:
    """Raise ImproperlyConfigured unless both settings can be used; called when the process starts."""
    ring = _ring(settings.FIELD_KEYS)
    if _index_key(settings.INDEX_KEY) in ring.keys.values():
        raise ImproperlyConfigured("INDEX_KEY must differ from every key in FIELD_KEYS.")


def current_key_id() -> str:
    """Return the id of the key that new values are written with."""
    return _ring(settings.FIELD_KEYS).current


def current_prefix() -> bytes:
    """Return the first bytes of every value written with the current key."""
    return _prefix(current_key_id())


def blind_index(value: str, *, purpose: str) -> str:
    """Return a keyed hash of a normalised value: 64 hex digits, equal for equal values of one purpose.

    It finds an encrypted value without opening any. A plain hash would not do: all ID numbers of a region are tried in
    seconds. `purpose` (e.g. "identity:id_card") keeps hashes of different columns from being compared.
    """
    text = f"{purpose}\0{value}".encode()
    return hmac.new(_index_key(settings.INDEX_KEY), text, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Ciphertext:
    """A value as it is stored. Printing it shows nothing."""

    raw: bytes

    def __repr__(self) -> str:
        return "<encrypted>"

    @property
    def key_id(self) -> str:
        """The key that wrote it, "" when the bytes are no value of ours."""
        is_ours = len(self.raw) > 2 + NONCE_BYTES and self.raw[0] == VERSION
        return self.raw[2 : 2 + self.raw[1]].decode("ascii", "replace") if is_ours else ""

    def open(self, context: str) -> str:
        """Return the text. `context` must be what it was sealed with. Raises DecryptionError."""
        key_id = self.key_id
        key = _ring(settings.FIELD_KEYS).keys.get(key_id)
        if key is None:
            raise UnknownKeyError(f"{_place(context)}: the key {key_id!r} is not in FIELD_KEYS.")
        body = self.raw[2 + self.raw[1] :]
        try:
            return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise DecryptionError(
                f"{_place(context)}: the key {key_id!r} does not open the value: another key under the same id, or a"
                " value that belongs to another row or column."
            ) from error


def seal(text: str, context: str) -> Ciphertext:
    """Encrypt with the current key, bound to the place named by `context`."""
    ring = _ring(settings.FIELD_KEYS)
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(ring.keys[ring.current]).encrypt(nonce, text.encode(), context.encode())
    return Ciphertext(_prefix(ring.current) + nonce + body)


class EncryptedAttribute(DeferredAttribute):
    """Opens the value when somebody asks for it, not when the row is loaded."""

    field: "EncryptedTextField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        return value.open(self.field.context_of(instance)) if isinstance(value, Ciphertext) else value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.Field):
    """Text for Python, ciphertext for PostgreSQL. The model needs a `uid` (core.models.TimeStampedModel has one).

    It cannot be searched, ordered, put into a form or changed by `update()`; keep a `blind_index()` beside it to find
    equal values, and leave it out of history tracking.
    """

    descriptor_class = EncryptedAttribute
    empty_values = (None, "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def context_of(self, instance: models.Model) -> str:
        """What binds a value to its place: `table.column|uid of the row`."""
        return f"{self.model._meta.db_table}.{self.column}|{instance.uid}"  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        messages = super().check(**kwargs)
        if not any(field.name == "uid" and field.unique for field in self.model._meta.fields):
            messages.append(checks.Error("An encrypted field needs a unique uid in its row.", obj=self, id="core.E010"))
        return messages

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Ciphertext) else str(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        value = model_instance.__dict__[self.attname]  # as it is: what was not changed is not encrypted again
        return seal(value, self.context_of(model_instance)) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, Ciphertext):
            raise TypeError(f"{self}: plain text is written through save() of its row only.")
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(value.raw)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self} is encrypted: look for its blind index instead.")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self} is encrypted and not part of serialised data.")


def _decode_key(encoded: str, name: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{name} has {len(key)} bytes instead of {KEY_BYTES}.")
    return key


def _place(context: str) -> str:
    return context.partition("|")[0]


def _prefix(key_id: str) -> bytes:
    return bytes([VERSION, len(key_id)]) + key_id.encode("ascii")


_ring = lru_cache(maxsize=8)(parse_keys)
_index_key = lru_cache(maxsize=8)(parse_index_key)
