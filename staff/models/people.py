"""Groups, stores, teams, people and their leave (ORG)."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import Combinable
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import TimeStampedModel
from core.tracking import tracked
from staff.enums import (
    FLOOR_ROLES,
    LEADER_ROLES,
    OWNER_ROLES,
    ROLE_SCOPE,
    SCOPE_ORDER,
    Gender,
    LeaveKind,
    LeaveState,
    Role,
    Scope,
    Theme,
)
from staff.managers import UserManager
from staff.models.tracking import KEEP_AN_ADMINISTRATOR


@tracked()
class DealerGroup(TimeStampedModel):
    """Stores under one owner; scope "group" reads all of them."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("dealer group")
        verbose_name_plural = _("dealer groups")

    def __str__(self) -> str:
        return self.name


@tracked()
class Store(TimeStampedModel):
    """One physical shop (门店). Opening hours in local time."""

    group = models.ForeignKey(DealerGroup, models.PROTECT, related_name="stores", verbose_name=_("group"))
    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    brand_name = models.CharField(_("brand"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    area_code = models.CharField(_("telephone area code"), max_length=4, blank=True)
    opens_at = models.TimeField(_("opens at"), default="08:30")
    closes_at = models.TimeField(_("closes at"), default="18:00")
    contact_from = models.TimeField(_("customers are contacted from"), default="09:00")
    contact_until = models.TimeField(_("customers are contacted until"), default="20:00")

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints = [
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="store_opens_before_it_closes"),
            models.CheckConstraint(condition=Q(contact_from__lt=F("contact_until")), name="store_contact_hours"),
        ]

    def __str__(self) -> str:
        return f"{self.brand_name} · {self.name}" if self.brand_name else self.name


@tracked()
class Team(TimeStampedModel):
    """A department of a store, or a team inside one (`parent`); closed ones keep their past."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="teams", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=40)
    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="supervised_teams",
        verbose_name=_("supervisor"),
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("department")
    )
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "name"], condition=Q(closed_on=None), name="team_name_once_per_store"
            ),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="team_is_not_its_own_department"),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin, TimeStampedModel):
    """A person who works with the system, by employee number; may also sign in by phone (R-001, R-032)."""

    employee_number = models.CharField(_("employee number"), max_length=20, unique=True)
    phone = models.CharField(_("phone"), max_length=20, unique=True, null=True, blank=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=40)
    gender = models.CharField(_("gender"), max_length=6, choices=Gender, blank=True)
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("store")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    reports_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports", verbose_name=_("reports to")
    )
    roles = ArrayField(models.CharField(max_length=30, choices=Role), verbose_name=_("roles"), default=list)
    scope_override = models.CharField(_("scope instead of the role's"), max_length=10, choices=Scope, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the support pages"), default=False)
    is_external = models.BooleanField(_("external, without payroll"), default=False)
    administers_group = models.BooleanField(_("administers all stores of the group"), default=False, db_default=False)
    takes_leads = models.BooleanField(_("takes part in the lead rota"), default=True, db_default=True)
    joined_on = models.DateField(_("joined on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    annual_leave_days = models.PositiveSmallIntegerField(_("days of annual leave a year"), null=True, blank=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    second_factor_at = models.DateTimeField(_("second factor since"), null=True, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)

    USERNAME_FIELD = "employee_number"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=Q(roles__contained_by=[role.value for role in Role]), name="user_roles_are_known"
            ),
            # PermissionsMixin's superuser reads everything; everybody else belongs to a store or sees nothing.
            models.CheckConstraint(
                condition=Q(store__isnull=False) | Q(is_superuser=True) | Q(is_active=False), name="user_has_a_store"
            ),
            models.CheckConstraint(
                condition=Q(joined_on=None) | Q(left_on=None) | Q(left_on__gte=F("joined_on")),
                name="user_leaves_after_joining",
            ),
        ]
        triggers = [KEEP_AN_ADMINISTRATOR]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Every session of the person ends when the password or a right changes (reliability.md 36)."""
        flags = [self.is_active, self.is_staff, self.is_superuser, self.store_id, self.scope_override]
        flags += [True] if self.administers_group else []
        value = "|".join(str(part) for part in (self.password, *flags, *sorted(self.roles)))
        if self.second_factor_at is not None:
            value += f"|{self.second_factor_at.timestamp()}"
        salt = "staff.models.User.get_session_auth_hash"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    def has_role(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def is_leader(self) -> bool:
        return self.has_role(*LEADER_ROLES)

    @property
    def role_labels(self) -> list[str]:
        return [str(Role(role).label) for role in self.roles]

    @property
    def role_label(self) -> str:
        return str(Role(self.roles[0]).label) if self.roles else ""

    @property
    def avatar_colour(self) -> int:
        return (self.pk or 0) % 9 + 1

    @property
    def scope(self) -> str:
        """The widest scope among the roles, unless one is set for the person. Nobody sees by default."""
        if not self.is_active:
            return Scope.NONE
        if self.scope_override:
            return self.scope_override
        return max((ROLE_SCOPE.get(role, Scope.NONE) for role in self.roles), key=SCOPE_ORDER.index, default=Scope.NONE)

    @property
    def may_own(self) -> bool:
        """The sales manager may not own deals, whatever other role the person has (R-036)."""
        return self.is_active and self.has_role(*OWNER_ROLES) and not self.has_role(Role.SALES_MANAGER)

    def sight_of_registered(self, prefix: str = "") -> Q:
        """What the person keeps sight of because of having registered it, for rows with `registered_by` and `owner`.

        The DCC desk and reception keep it (D-15); a consultant whose customer was handed over does not.
        """
        mine = Q(**{f"{prefix}registered_by": self})
        return mine & Q(**{f"{prefix}owner": None}) if self.may_own else mine

    def team_member_ids(self) -> "models.QuerySet[User, int]":
        """The person's team and the teams the person supervises, as a subquery."""
        mine = Q(team__supervisor=self)
        if self.team_id is not None:
            mine |= Q(team=self.team_id)
        return User.objects.filter(mine | Q(pk=self.pk)).values_list("pk", flat=True)

    def covered_user_ids(self, *, at: Combinable) -> "models.QuerySet[Leave, int]":
        """Colleagues on leave for whom the person stands in at that moment, as a subquery."""
        leaves = Leave.objects.filter(stand_in=self, state=LeaveState.APPROVED, starts_at__lte=at, ends_at__gt=at)
        return leaves.values_list("user_id", flat=True)

    @property
    def is_awaited(self) -> bool:
        """Invited, never signed in."""
        return self.is_active and self.must_change_password and self.last_login is None

    @property
    def sells_on_the_floor(self) -> bool:
        return self.has_role(*FLOOR_ROLES)


class Leave(TimeStampedModel):
    """Days off. While an approved one lasts, callbacks go to the stand-in, else to the supervisor."""

    user = models.ForeignKey(User, models.PROTECT, related_name="leaves", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=10, choices=LeaveKind, default=LeaveKind.ANNUAL)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    stand_in = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="stand_ins", verbose_name=_("stand-in")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    # The default is for leaves written before somebody had to approve them.
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=LeaveState,
        default=LeaveState.APPROVED,
        db_default=LeaveState.APPROVED,
        editable=False,
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_comment = models.CharField(_("comment"), max_length=200, blank=True, db_default="")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by"))

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="leave_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(stand_in=F("user")), name="leave_stand_in_is_another_person"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("user")), name="leave_is_decided_by_somebody_else"
            ),
            ExclusionConstraint(
                name="leave_no_overlap",
                condition=Q(state__in=[LeaveState.REQUESTED, LeaveState.APPROVED]),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (
                        Func(F("starts_at"), F("ends_at"), function="TSTZRANGE", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [models.Index(fields=["stand_in", "ends_at"], name="leave_stand_in")]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d}"
