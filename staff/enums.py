"""Roles, scopes and the words around people (glossary.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.state_machine import StateMachine


class Role(models.TextChoices):
    """R-001, R-002, R-014 … R-034. A person may have several; the first decides the home page."""

    GENERAL_MANAGER = "general_manager", _("General manager")
    SALES_MANAGER = "sales_manager", _("Sales manager")
    SALES_SUPERVISOR = "sales_supervisor", _("Sales supervisor")
    SALES_CONSULTANT = "sales_consultant", _("Sales consultant")
    TELESALES_AGENT = "telesales_agent", _("Telesales agent (DCC)")
    RECEPTIONIST = "receptionist", _("Receptionist")
    TEST_DRIVE_SPECIALIST = "test_drive_specialist", _("Test-drive specialist")
    DELIVERY_SPECIALIST = "delivery_specialist", _("Delivery and PDI specialist")
    FINANCE = "finance", _("Finance")
    STOCK_KEEPER = "stock_keeper", _("Stock keeper")
    KEY_ACCOUNT_SPECIALIST = "key_account_specialist", _("Key-account specialist")
    MARKETING_SPECIALIST = "marketing_specialist", _("Market specialist")
    INSURANCE_PARTNER = "insurance_partner", _("Insurance partner (external)")
    ADMINISTRATOR = "administrator", _("Administrator")


class Scope(models.TextChoices):
    """How much customer data a person reads. Ordered from nothing to everything."""

    NONE = "none", _("No customers")
    OWN = "own", _("Own customers")
    TEAM = "team", _("Own team")
    STORE = "store", _("Own store")
    GROUP = "group", _("All stores of the group")


# An administrator configures without reading customers (reliability.md 4.3).
ROLE_SCOPE: dict[str, str] = {
    Role.GENERAL_MANAGER: Scope.STORE,
    Role.SALES_MANAGER: Scope.STORE,
    Role.SALES_SUPERVISOR: Scope.TEAM,
    Role.SALES_CONSULTANT: Scope.OWN,
    Role.TELESALES_AGENT: Scope.OWN,
    Role.KEY_ACCOUNT_SPECIALIST: Scope.OWN,
    Role.RECEPTIONIST: Scope.OWN,
}
SCOPE_ORDER: list[str] = [Scope.NONE, Scope.OWN, Scope.TEAM, Scope.STORE, Scope.GROUP]

# Who may own an opportunity. The sales manager may not; non-sales staff may not.
OWNER_ROLES: frozenset[str] = frozenset({Role.SALES_CONSULTANT, Role.KEY_ACCOUNT_SPECIALIST})
REGISTRAR_ROLES: frozenset[str] = OWNER_ROLES | {
    Role.TELESALES_AGENT,
    Role.RECEPTIONIST,
    Role.SALES_SUPERVISOR,
    Role.SALES_MANAGER,
}
# Who sells on the floor: the people whom the foot of the roster counts ("销售在店" of the drawing).
FLOOR_ROLES: frozenset[str] = OWNER_ROLES | {Role.SALES_SUPERVISOR, Role.SALES_MANAGER}
# Whom the sales manager deploys: the sales department.
SALES_ROLES: frozenset[str] = FLOOR_ROLES | {Role.TELESALES_AGENT, Role.RECEPTIONIST, Role.TEST_DRIVE_SPECIALIST}
LEADER_ROLES: frozenset[str] = frozenset({Role.SALES_SUPERVISOR, Role.SALES_MANAGER, Role.GENERAL_MANAGER})
IMPORT_ROLES: frozenset[str] = frozenset({Role.TELESALES_AGENT, Role.SALES_SUPERVISOR, Role.SALES_MANAGER})


class Gender(models.TextChoices):
    MALE = "male", _("Male")
    FEMALE = "female", _("Female")
    UNKNOWN = "", _("Not known")


class Theme(models.TextChoices):
    AUTO = "auto", _("Like the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class LeaveKind(models.TextChoices):
    ANNUAL = "annual", _("Annual leave")
    SICK = "sick", _("Sick leave")
    PERSONAL = "personal", _("Personal leave")
    TRAINING = "training", _("Training")
    OTHER = "other", _("Other")


class LeaveState(models.TextChoices):
    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Taken back")


LEAVE_MACHINE = StateMachine(
    LeaveState,
    {
        LeaveState.REQUESTED: [LeaveState.APPROVED, LeaveState.REFUSED, LeaveState.WITHDRAWN],
        LeaveState.APPROVED: [LeaveState.WITHDRAWN],
    },
)


class ShiftTone(models.TextChoices):
    """The tint of a shift in the roster; a word, so that themes decide the colour."""

    BLUE = "blue", _("Blue")
    VIOLET = "violet", _("Violet")
    TEAL = "teal", _("Teal")
    PINK = "pink", _("Pink")
    NONE = "none", _("No colour")


class StaffGroup(models.TextChoices):
    """The two parts of the roster, each with its own minimum."""

    FLOOR = "floor", _("Sales")
    OTHER = "other", _("Others")


class RosterAct(models.TextChoices):
    EDITED = "edited", _("Shift changed")
    FILLED = "filled", _("Days filled")
    COPIED = "copied", _("Week copied")
    UNDONE = "undone", _("Taken back")


class SecurityEventKind(models.TextChoices):
    SIGNED_IN = "signed_in", _("Signed in")
    PIN_USED = "pin_used", _("Came back with the PIN")
    PIN_EXHAUSTED = "pin_exhausted", _("Too many wrong PINs")
    CODE_WRONG = "code_wrong", _("Wrong verification code")
    RECOVERY_CODE_USED = "recovery_code_used", _("Signed in with a recovery code")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    FACTOR_ON = "factor_on", _("Second factor switched on")
    FACTOR_OFF = "factor_off", _("Second factor switched off")
    FACTOR_RESET = "factor_reset", _("Second factor reset by somebody else")
    CODES_RENEWED = "codes_renewed", _("New recovery codes")
    PIN_SET = "pin_set", _("PIN set")
    PIN_REMOVED = "pin_removed", _("PIN removed")
    SESSION_ENDED = "session_ended", _("Another session ended")
    DEVICE_REGISTERED = "device_registered", _("Shared device registered")
    DEVICE_PAIRED = "device_paired", _("Shared device paired")
    DEVICE_REVOKED = "device_revoked", _("Shared device revoked")
    UNLOCKED = "unlocked", _("Unlocked on the command line")
    LINK_MADE = "link_made", _("One-time link made")
    LINK_USED = "link_used", _("One-time link used")
