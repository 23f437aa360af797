"""One factory for every model; no random values. An open opportunity always comes with a planned callback."""

from datetime import time, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from core import clock
from core.pinyin import search_keys
from customers.enums import PhoneKind
from customers.models import Channel, Customer, CustomerPhone
from followups.enums import ContactChannel, ContactOutcome, FollowUpState, RuleCode, Step
from followups.models import Contact, FollowUp
from notifications.enums import NoticeKind
from notifications.models import Integration, Notification, OutboundMessage, ProviderTemplate
from opportunities.models import Opportunity, Ownership
from opportunities.stages import Outcome
from staff.enums import Role
from staff.models import DealerGroup, Device, Leave, ShiftType, Store, Team, User
from vehicles.models import Brand, Series, Trim

PASSWORD = "a-long-enough-password"  # noqa: S105


class DealerGroupFactory(DjangoModelFactory[DealerGroup]):
    class Meta:
        model = DealerGroup
        django_get_or_create = ("name",)

    name = "远岚集团"


class StoreFactory(DjangoModelFactory[Store]):
    class Meta:
        model = Store
        skip_postgeneration_save = True
        django_get_or_create = ("code",)

    group = factory.SubFactory(DealerGroupFactory)
    code = "binjiang"
    name = "杭州滨江店"
    brand_name = "远岚汽车"
    address = "滨江区江晖路 88 号"
    area_code = "0571"
    contact_from = "09:00:00"
    contact_until = "20:00:00"

    @factory.post_generation
    def fresh(obj: Any, create: bool, extracted: Any, **kwargs: Any) -> None:  # noqa: N805 -- factory_boy's form
        if create:
            obj.refresh_from_db()  # times as time objects


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    store = factory.SubFactory(StoreFactory)
    name = factory.Sequence(lambda n: f"{n} 组")


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    employee_number = factory.Sequence(lambda n: f"e{n:04}")
    name = factory.Sequence(lambda n: f"员工{n}")
    roles = [Role.SALES_CONSULTANT]
    store = factory.SubFactory(StoreFactory)
    password = factory.django.Password(PASSWORD)


class ShiftTypeFactory(DjangoModelFactory[ShiftType]):
    class Meta:
        model = ShiftType
        django_get_or_create = ("store", "letter")

    store = factory.SubFactory(StoreFactory)
    letter = "早"
    name = "早班"
    starts_at = time(8, 30)
    ends_at = time(17, 30)


class DeviceFactory(DjangoModelFactory[Device]):
    class Meta:
        model = Device

    store = factory.SubFactory(StoreFactory)
    name = factory.Sequence(lambda n: f"展厅 {n} 号")
    registered_by = factory.SubFactory(UserFactory)


class LeaveFactory(DjangoModelFactory[Leave]):
    class Meta:
        model = Leave

    user = factory.SubFactory(UserFactory)
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=1))
    ends_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))


class ChannelFactory(DjangoModelFactory[Channel]):
    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = "phone_in"
    kind = "phone"
    name_zh = "400 电话"
    name_en = "Hotline"


class SeriesFactory(DjangoModelFactory[Series]):
    class Meta:
        model = Series
        django_get_or_create = ("code",)

    brand = factory.LazyFunction(lambda: Brand.objects.get_or_create(name="远岚")[0])
    code = "s7"
    name = "远岚 S7"
    aliases = ["S7", "远岚S7"]


class TrimFactory(DjangoModelFactory[Trim]):
    class Meta:
        model = Trim

    series = factory.SubFactory(SeriesFactory)
    name = factory.Sequence(lambda n: f"尊享 {n}")
    energy_type = "plug_in"
    guide_price_rmb = 189_800


class CustomerFactory(DjangoModelFactory[Customer]):
    """With a main number that no real person has: 1990000xxxx."""

    class Meta:
        model = Customer
        skip_postgeneration_save = True

    store = factory.SubFactory(StoreFactory)
    name = "王建国"
    gender = "male"
    area = "滨江"
    pinyin = factory.LazyAttribute(lambda o: search_keys(o.name).pinyin[:300])
    search_terms = factory.LazyAttribute(lambda o: list(search_keys(o.name).terms))

    @factory.post_generation
    def phone(obj: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:  # noqa: N805
        if create:
            number = extracted or f"+861990000{obj.pk % 10_000:04}"
            CustomerPhone.objects.create(
                store=obj.store, customer=obj, number=number, kind=PhoneKind.MOBILE, is_primary=True
            )


class OpportunityFactory(DjangoModelFactory[Opportunity]):
    """Open, at stage lead, owned; `follow_up=False` leaves the planned callback out."""

    class Meta:
        model = Opportunity
        skip_postgeneration_save = True

    customer = factory.SubFactory(CustomerFactory)
    store = factory.SelfAttribute("customer.store")
    owner = factory.SubFactory(UserFactory, store=factory.SelfAttribute("..store"))
    level = "B"
    series = factory.SubFactory(SeriesFactory)

    @factory.post_generation
    def ownership(obj: Any, create: bool, extracted: Any, **kwargs: Any) -> None:  # noqa: N805
        if create and obj.owner is not None:
            Ownership.objects.create(opportunity=obj, owner=obj.owner, rule="registered", from_at=obj.opened_at)

    @factory.post_generation
    def follow_up(obj: Any, create: bool, extracted: Any, **kwargs: Any) -> None:  # noqa: N805
        if create and extracted is not False and obj.outcome == Outcome.OPEN:
            row = FollowUpFactory(opportunity=obj, **kwargs)
            obj.next_action_at, obj.next_action_label = row.due_at, row.rule_code
            obj.save()


class FollowUpFactory(DjangoModelFactory[FollowUp]):
    """A regular callback due in one hour, late after today. Its ladder stands at DUE."""

    class Meta:
        model = FollowUp

    opportunity = factory.SubFactory(OpportunityFactory, follow_up=False)
    store = factory.SelfAttribute("opportunity.store")
    customer = factory.SelfAttribute("opportunity.customer")
    assignee = factory.SelfAttribute("opportunity.owner")
    rule_code = RuleCode.FIRST_CALLBACK
    occurrence = factory.Sequence(lambda n: n + 1)
    channel = ContactChannel.PHONE
    state = FollowUpState.PENDING
    due_at = factory.LazyFunction(lambda: clock.now() + timedelta(hours=1))
    due_on = factory.LazyAttribute(lambda o: clock.local_date(o.due_at))
    deadline_at = factory.LazyAttribute(lambda o: clock.end_of_day(clock.local_date(o.due_at)))
    original_due_at = factory.SelfAttribute("due_at")
    remind_step = Step.DUE
    remind_at = factory.SelfAttribute("due_at")


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    opportunity = factory.SubFactory(OpportunityFactory)
    store = factory.SelfAttribute("opportunity.store")
    customer = factory.SelfAttribute("opportunity.customer")
    by = factory.SelfAttribute("opportunity.owner")
    channel = ContactChannel.PHONE
    outcome = ContactOutcome.TALKED
    is_effective = True
    occurred_at = factory.LazyFunction(clock.now)
    idempotency_key = factory.Sequence(lambda n: f"key-{n}")


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    recipient = factory.SubFactory(UserFactory)
    kind = NoticeKind.FOLLOW_UP_DUE
    data = factory.LazyFunction(lambda: {"customer": "王建国", "code": "first_callback"})


class OutboundMessageFactory(DjangoModelFactory[OutboundMessage]):
    class Meta:
        model = OutboundMessage

    channel = "sms"
    recipient = "199****0001"
    address = "+8619900000001"
    body = "您好"
    idempotency_key = factory.Sequence(lambda n: f"message-{n}")
    next_try_at = factory.LazyFunction(clock.now)


class IntegrationFactory(DjangoModelFactory[Integration]):
    """A way for text messages of all stores; `robot=True` and `webhook=True` make the others."""

    class Meta:
        model = Integration

    class Params:
        robot = factory.Trait(channel="wecom", provider="wecom_robot", events=["callback.escalated"])
        webhook = factory.Trait(channel="webhook", provider="webhook", events=["lead.registered"])

    name = factory.Sequence(lambda n: f"integration {n}")
    channel = "sms"
    provider = "aliyun_sms"
    secret = "a made-up secret"


class ProviderTemplateFactory(DjangoModelFactory[ProviderTemplate]):
    class Meta:
        model = ProviderTemplate

    integration = factory.SubFactory(IntegrationFactory)
    provider_code = "SMS_1001"
