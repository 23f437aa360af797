"""The second factor, shared devices, quick PINs, sessions, and the log of all that (reliability.md 4.4)."""

import hashlib
import uuid
from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import EncryptedTextField
from core.models import TimeStampedModel
from core.tracking import tracked
from core.triggers import append_only
from staff.enums import SecurityEventKind
from staff.models.people import Store, User

PIN_TRIES = 5


class SecondFactor(TimeStampedModel):
    """The secret shared with the authenticator app of one person. In force once User.second_factor_at is set."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor", verbose_name=_("person"))
    secret = EncryptedTextField(_("secret"))
    last_step = models.BigIntegerField(_("time step of the last code"), default=0)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """One of the codes for the day the phone is lost. Only a keyed hash is kept; each works once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes", verbose_name=_("person"))
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return str(self.user)


@tracked(exclude=["pairing_digest", "token_digest", "last_seen_at", "updated_at"])
class Device(TimeStampedModel):
    """A tablet that several people share. It proves itself by a cookie whose hash is kept here."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="devices", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=40)
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("registered by"))
    pairing_digest = models.CharField(_("pairing code"), max_length=64, blank=True, editable=False)
    pairing_ends_at = models.DateTimeField(_("pairing code ends at"), null=True, editable=False)
    token_digest = models.CharField(_("device cookie"), max_length=64, blank=True, editable=False)
    paired_at = models.DateTimeField(_("paired at"), null=True, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("revoked by"), editable=False
    )

    class Meta:
        verbose_name = _("shared device")
        verbose_name_plural = _("shared devices")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "name"], condition=Q(revoked_at=None), name="device_name_once_per_store"
            ),
            models.UniqueConstraint(
                fields=["token_digest"], condition=~Q(token_digest=""), name="device_token_is_its_own"
            ),
            models.UniqueConstraint(
                fields=["pairing_digest"], condition=~Q(pairing_digest=""), name="device_pairing_code_is_its_own"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(token: str) -> str:
        """How the secret of the cookie is kept; its 256 random bits need no slow hash."""
        return hashlib.sha256(token.encode()).hexdigest()


class QuickPin(models.Model):
    """Six digits with which a person comes back to a shared device after the password of the day."""

    user = models.OneToOneField(User, models.CASCADE, related_name="quick_pin", verbose_name=_("person"))
    pin_hash = models.CharField(_("hash of the PIN"), max_length=200, editable=False)
    set_at = models.DateTimeField(_("set at"), default=clock.now)

    class Meta:
        verbose_name = _("quick PIN")
        verbose_name_plural = _("quick PINs")

    def __str__(self) -> str:
        return str(self.user)


class DeviceVisit(models.Model):
    """Somebody signed in on a shared device by password on this day: only so does the PIN open it again."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="visits", verbose_name=_("device"))
    user = models.ForeignKey(User, models.CASCADE, related_name="device_visits", verbose_name=_("person"))
    local_on = models.DateField(_("local day"))
    signed_in_at = models.DateTimeField(_("signed in at"))
    rights_digest = models.CharField(_("password and rights of that moment"), max_length=64, editable=False)
    pin_tries = models.PositiveSmallIntegerField(_("wrong PINs"), default=0)

    class Meta:
        verbose_name = _("visit of a device")
        verbose_name_plural = _("visits of devices")
        constraints = [
            models.UniqueConstraint(fields=["device", "user", "local_on"], name="devicevisit_once_a_day"),
            models.CheckConstraint(condition=Q(pin_tries__lte=PIN_TRIES), name="devicevisit_pin_tries"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.local_on}"


class UserSession(AbstractBaseSession):
    """A session with whose it is and where, so that a person can see and end the own ones (staff/sessions.py)."""

    user = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="sessions", verbose_name=_("person"), editable=False
    )
    device = models.ForeignKey(
        Device, models.SET_NULL, null=True, related_name="sessions", verbose_name=_("device"), editable=False
    )
    ip = models.GenericIPAddressField(_("address"), null=True, editable=False)
    agent = models.CharField(_("browser"), max_length=60, blank=True, editable=False)
    started_at = models.DateTimeField(_("signed in at"), null=True, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user} {self.agent}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from staff.sessions import SessionStore  # noqa: PLC0415 -- the store imports this table

        return SessionStore


class SecurityEvent(models.Model):
    """What happened around signing in. Append-only; read by the person and by administrators."""

    uid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=30, choices=SecurityEventKind)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("actor"))
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+", verbose_name=_("device"))
    ip = models.GenericIPAddressField(_("address"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"), default=clock.now)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        indexes = [models.Index(fields=["user", "-occurred_at"], name="securityevent_user")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.user}"
