"""Roles, scopes and the words around people (glossary.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
