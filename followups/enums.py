from django.db import models
from django.utils.translation import gettext_lazy as _

from core.state_machine import StateMachine


class RuleCode(models.TextChoices):
    """The callbacks a dealership promises. MANUAL is one that a person planned."""

    SAME_DAY_SMS = "same_day_sms", _("Same-day message")
    FIRST_CALLBACK = "first_callback", _("First callback")
    SECOND_CALLBACK = "second_callback", _("Second callback")
    CADENCE = "cadence", _("Regular callback")
    RETRY = "retry", _("Call again")
    MANUAL = "manual", _("Agreed callback")
    DELIVERY_24H = "delivery_24h", _("Callback 24 hours after delivery")
    DELIVERY_WEEK = "delivery_week", _("Callback one week after delivery")
    DELIVERY_MONTH = "delivery_month", _("Third callback after delivery")


class Trigger(models.TextChoices):
    OPENED = "opened", _("A customer is registered")
    CONTACTED = "contacted", _("A contact is recorded")
    UNREACHED = "unreached", _("The customer was not reached")
    DELIVERED = "delivered", _("The car is delivered")


class DueRule(models.TextChoices):
    """How the due time is computed from the trigger's moment."""

    SAME_DAY = "same_day", _("The same calendar day")
    DAYS = "days", _("After a number of days")
    HOURS = "hours", _("After a number of hours")


class ClosedDays(models.TextChoices):
    """When the due day is no workday."""

    AS_IT_IS = "", _("Calendar days count, also days off")
    EARLIER = "earlier", _("Earlier, on the workday before")
    LATER = "later", _("Later, on the next workday")


class RuleSetState(models.TextChoices):
    """A version of the rules. Whether a published one is ahead, in force or over, its dates say."""

    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waits for approval")
    PUBLISHED = "published", _("Published")


RULE_SET_MACHINE = StateMachine(
    RuleSetState,
    {
        RuleSetState.DRAFT: [RuleSetState.WAITING],
        RuleSetState.WAITING: [RuleSetState.DRAFT, RuleSetState.PUBLISHED],
    },
)


class FollowUpState(models.TextChoices):
    PENDING = "pending", _("Planned")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class CancelReason(models.TextChoices):
    SUPERSEDED = "superseded", _("Replaced by a later agreement")
    CLOSED = "closed", _("The opportunity was closed")
    CORRECTED = "corrected", _("The entry was taken back")


class Step(models.TextChoices):
    """The reminder ladder of one callback, in this order."""

    SOON = "soon", _("Before it is due")
    DUE = "due", _("When it is due")
    OVERDUE = "overdue", _("When it is overdue")
    ESCALATE = "escalate", _("To the supervisor")
    MANAGER = "manager", _("To the sales manager")
    NONE = "", _("Nothing more to send")


class ContactChannel(models.TextChoices):
    PHONE = "phone", _("Phone")
    WECHAT = "wechat", _("WeChat")
    SMS = "sms", _("Text message")
    VISIT = "visit", _("In the store")


class ContactOutcome(models.TextChoices):
    TALKED = "talked", _("Talked")
    INVITED = "invited", _("Agreed to visit")
    NO_ANSWER = "no_answer", _("No answer")
    INCONVENIENT = "inconvenient", _("Not a good moment")
    BOUGHT_ELSEWHERE = "bought_elsewhere", _("Bought elsewhere")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    SENT = "sent", _("Message sent")


# An effective contact keeps ownership alive (D-02) and completes a callback.
EFFECTIVE_OUTCOMES: frozenset[str] = frozenset(
    {ContactOutcome.TALKED, ContactOutcome.INVITED, ContactOutcome.BOUGHT_ELSEWHERE}
)
