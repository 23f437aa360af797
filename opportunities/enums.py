from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """Intention level: how soon the customer means to buy (domain.md 6)."""

    H = "H", _("H · within 7 days")
    A = "A", _("A · within 15 days")
    B = "B", _("B · within 30 days")
    C = "C", _("C · within 90 days")
    N = "N", _("N · no plan yet")


# What a leader decides, and about what (approvals).
LEVEL, CLOSE = "level", "close"
SUBJECT = "opportunities.Opportunity"

LEVEL_ORDER = "HABCN"  # hottest first; a move to the right is a downgrade and needs the supervisor


class PurchaseWindow(models.TextChoices):
    """Expected purchase time (R-050 item 4); the level follows from it when nobody said otherwise."""

    DAYS_7 = "7d", _("Within 7 days")
    DAYS_15 = "15d", _("Within 15 days")
    DAYS_30 = "30d", _("Within 30 days")
    DAYS_90 = "90d", _("Within 90 days")
    UNDECIDED = "undecided", _("Not decided")


WINDOW_LEVEL: dict[str, str] = {
    PurchaseWindow.DAYS_7: Level.H,
    PurchaseWindow.DAYS_15: Level.A,
    PurchaseWindow.DAYS_30: Level.B,
    PurchaseWindow.DAYS_90: Level.C,
    PurchaseWindow.UNDECIDED: Level.N,
}


class PaymentMethod(models.TextChoices):
    CASH = "cash", _("Full payment")
    LOAN = "loan", _("Loan")
    LEASE = "lease", _("Lease")
    UNDECIDED = "undecided", _("Not decided")


class Usage(models.TextChoices):
    FAMILY = "family", _("Family")
    COMMUTE = "commute", _("Commuting")
    BUSINESS = "business", _("Business")
    RIDE_HAILING = "ride_hailing", _("Ride hailing")
    FIRST_CAR = "first_car", _("First car")
    OTHER = "other", _("Other")


class SalesMode(models.TextChoices):
    """R-105."""

    IN_STORE = "in_store", _("In store")
    FIELD = "field", _("Territory door-to-door")
    INDIRECT = "indirect", _("Through a secondary dealer")


class LostReason(models.TextChoices):
    """domain.md 8."""

    COMPETITOR = "competitor", _("Bought another brand")
    OTHER_DEALER = "other_dealer", _("Bought the same brand elsewhere")
    PRICE = "price", _("Price")
    POSTPONED = "postponed", _("Postponed or gave up buying")
    STOCK = "stock", _("No car in the colour or in time")
    FINANCE = "finance", _("Loan refused")
    UNREACHABLE = "unreachable", _("Cannot be reached")
    OTHER = "other", _("Other")


class VoidReason(models.TextChoices):
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    NOT_A_CUSTOMER = "not_a_customer", _("Not a customer")
    DUPLICATE = "duplicate", _("Duplicate")
    TEST = "test", _("Test entry")


class EventKind(models.TextChoices):
    """What the journey log records. Texts are made when shown, from kind and data."""

    REGISTERED = "registered", _("Registered")
    REPEATED = "repeated", _("Came back")
    STAGE_REACHED = "stage_reached", _("Stage reached")
    OWNER_CHANGED = "owner_changed", _("Owner changed")
    LEVEL_CHANGED = "level_changed", _("Level changed")
    LEVEL_REQUESTED = "level_requested", _("Lower level proposed")
    FACTS_CHANGED = "facts_changed", _("Needs changed")
    CONTACTED = "contacted", _("Contact")
    NOTE = "note", _("Note")
    FOLLOW_UP_MISSED = "follow_up_missed", _("Callback not done in time")
    FOLLOW_UP_MOVED = "follow_up_moved", _("Callback moved")
    CLOSE_REQUESTED = "close_requested", _("Close proposed")
    LEVEL_REFUSED = "level_refused", _("Lower level sent back")
    CLOSE_REFUSED = "close_refused", _("Close sent back")
    CLOSED = "closed", _("Closed")
    CORRECTED = "corrected", _("Entry corrected")


class OwnerRule(models.TextChoices):
    """Why somebody owns an opportunity (R-083 … R-086, R-094)."""

    REGISTERED = "registered", _("Registered the customer")
    CHOSEN = "chosen", _("Chosen at registration")
    ASSIGNED = "assigned", _("Assigned by a leader")
    IMPORTED = "imported", _("Imported list")
