"""Two months in the life of the demo store, told through the services.

Every row is written by the same service as in daily work, with the clock standing at the moment when it happened, so
that every invariant holds. The same seed tells the same story; it always ends now.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from approvals.selectors import request_pending
from approvals.services import approval_decide
from core import clock
from core.phones import normalize_phone
from customers.models import Channel
from followups.enums import ContactChannel, ContactOutcome, RuleCode
from followups.models import FollowUp
from followups.services import Entry, contact_record, followup_remind_next, message_send
from leads.enums import LeadKind
from leads.services import LeadInput, RegisterResult, lead_register
from notifications.services import notices_read
from opportunities.enums import CLOSE, LEVEL, SUBJECT, PurchaseWindow
from opportunities.services import close_request, level_set, note_add
from staff.models import Store, User
from staff.selectors import leader_of
from vehicles.models import Series
from workbench.demo import cast
from workbench.services import export_build_next, export_request

DAYS = 60
SEED = 20261121
KINDS = [LeadKind.CALL, LeadKind.ONLINE, LeadKind.ONLINE, LeadKind.WALK_IN]
CHANNELS = {
    LeadKind.CALL: ["phone_in", "referral"],
    LeadKind.ONLINE: ["douyin_live", "douyin", "autohome", "dongchedi", "yiche", "website"],
    LeadKind.WALK_IN: ["walk_in", "walk_in", "referral", "roadshow"],
}
WINDOWS = [
    (PurchaseWindow.DAYS_7, 6),
    (PurchaseWindow.DAYS_15, 14),
    (PurchaseWindow.DAYS_30, 36),
    (PurchaseWindow.DAYS_90, 32),
    (PurchaseWindow.UNDECIDED, 12),
]
# How reliably each consultant calls on the day: their own habits make the lists of late callbacks.
DISCIPLINE = {"linyue": 0.93, "zhaoqiming": 0.9, "sunxiaowen": 0.96, "zhouziang": 0.84, "wumengjie": 0.9}


@dataclass
class Teller:
    """Who acts, and the dice."""

    store: Store
    people: dict[str, User]
    series: list[Series]
    channels: dict[str, Channel]
    rng: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 -- a story, not a secret
    told: int = 0

    def __post_init__(self) -> None:
        self.by_id: dict[int | None, User] = {user.pk: user for user in self.people.values()}

    def phone(self) -> str:
        """The next invented number: 199 0000 and four shuffled digits."""
        self.told += 1
        return f"1990000{(self.told * 7919 + 5621) % 10_000:04}"

    def key(self) -> str:
        return f"demo-{self.store.code}-{self.rng.getrandbits(60):x}"

    def consultants(self) -> list[User]:
        return [self.people[number] for number in DISCIPLINE if number in self.people]


def tell(teller: Teller, *, customers: int) -> None:
    """Register about `customers` people over DAYS days, call them back, lose some, end now."""
    now = clock.now()
    for offset in range(DAYS, -1, -1):
        day = clock.local_date(now) - timedelta(days=offset)
        growth = 0.4 + 1.2 * (DAYS - offset) / DAYS  # the store becomes known: most customers are rather new
        _day(teller, day, per_day=growth * customers / (DAYS + 1), now=now)


def _day(teller: Teller, day: date, *, per_day: float, now: datetime) -> None:
    arrivals = int(per_day) + (teller.rng.random() < per_day % 1)
    moments = sorted(_moment(teller.rng, day) for _ in range(arrivals))
    _call_back(teller, day, now=now)
    for moment in moments:
        if moment < now:
            _register(teller, moment, now=now)
    end = clock.end_of_day(day)
    if end < now:
        with clock.travel(end):
            while followup_remind_next():
                pass


def _moment(rng: Random, day: date) -> datetime:
    return clock.at_time(day, time(rng.randint(9, 19), rng.randint(0, 59), rng.randint(0, 59)))


def _register(teller: Teller, at: datetime, *, now: datetime) -> None:
    rng = teller.rng
    kind = rng.choice(KINDS)
    by, owner = _who(teller, kind)
    if kind == LeadKind.ONLINE and (now - at).days < 1 and rng.random() < 0.4:
        owner = None  # tonight's batch
    series = rng.choice(teller.series)
    name = rng.choice(cast.SURNAMES) + rng.choice([*cast.GIVEN, *cast.GIVEN, "先生", "女士"])
    data = LeadInput(
        kind=kind,
        phone=normalize_phone(teller.phone()),
        name=name,
        gender="female"
        if name.endswith("女士")
        else "male"
        if name.endswith("先生")
        else rng.choice(["male", "female"]),
        channel_id=teller.channels[rng.choice(CHANNELS[kind])].pk,
        series_id=series.pk,
        purchase_window=rng.choices([w for w, _ in WINDOWS], [n for _, n in WINDOWS])[0],
        area=rng.choice([*cast.AREAS, ""]),
        note=rng.choice(cast.NOTES),
    )
    with clock.travel(at):
        result = lead_register(store_id=teller.store.pk, data=data, owner=owner, by=by, idempotency_key=teller.key())
    if owner is not None:
        _say_hello(teller, result, owner, at=at, now=now)


def _who(teller: Teller, kind: str) -> tuple[User, User | None]:
    owner = teller.rng.choice(teller.consultants())
    if kind == LeadKind.WALK_IN:
        return owner, owner
    desk = [user for user in (teller.people.get("xujingyi"), teller.people.get("dingyuwei")) if user]
    return (teller.rng.choice(desk), owner) if desk else (owner, owner)


def _say_hello(teller: Teller, result: RegisterResult, owner: User, *, at: datetime, now: datetime) -> None:
    """The same-day message, mostly sent within the hour."""
    moment = at + timedelta(minutes=teller.rng.randint(4, 50))
    if moment >= now or teller.rng.random() > 0.94:
        return
    with clock.travel(moment):
        message_send(
            opportunity_id=result.opportunity.pk,
            body=f"{result.customer.name}您好，我是{teller.store.name}{owner.name}，有事随时打我电话。",
            is_by_system=False,
            by=owner,
            idempotency_key=teller.key(),
            follow_up_id=None,
        )


def _call_back(teller: Teller, day: date, *, now: datetime) -> None:
    """Each consultant works through what is due that day; some of it slips."""
    rows = (
        FollowUp.objects.pending()
        .filter(store=teller.store, due_on__lte=day, assignee__isnull=False)
        .exclude(rule_code=RuleCode.SAME_DAY_SMS)
        .select_related("assignee__team__supervisor", "opportunity__series", "opportunity__trim")
        .order_by("due_at", "id")
    )
    called: set[int] = set()  # one call settles everything that is due with a customer
    for row in list(rows):
        if row.opportunity_id in called:
            continue
        moment = clock.at_time(day, time(teller.rng.randint(9, 16), teller.rng.randint(0, 59)))
        by = teller.by_id[row.assignee_id]
        reliable = DISCIPLINE.get(by.employee_number, 0.9)
        if teller.rng.random() > (reliable if row.due_on == day else 0.7):
            continue
        is_today = day == clock.local_date(now)
        if moment >= now or (is_today and teller.rng.random() > 0.35):
            continue
        called.add(row.opportunity_id)
        with clock.travel(moment):
            _talk(teller, row, by=by)


def _talk(teller: Teller, row: FollowUp, *, by: User) -> None:
    rng = teller.rng
    outcome = rng.choices(
        [ContactOutcome.TALKED, ContactOutcome.NO_ANSWER, ContactOutcome.INVITED, ContactOutcome.BOUGHT_ELSEWHERE],
        [68, 14, 7, 11],
    )[0]
    sentence = rng.choice(cast.SENTENCES).format(model=row.opportunity.wanted)
    entry = Entry(
        channel=ContactChannel.VISIT if row.channel == ContactChannel.VISIT else ContactChannel.PHONE,
        outcome=outcome,
        sentence="" if outcome == ContactOutcome.NO_ANSWER else sentence,
        tags=tuple(rng.sample(cast.TAGS, rng.randint(0, 2))),
        next_at=_visit_time(rng) if outcome == ContactOutcome.INVITED else None,
        duration_s=None if outcome == ContactOutcome.NO_ANSWER else rng.randint(40, 420),
        evidence={"source": "demo"},
    )
    contact_record(
        opportunity_id=row.opportunity_id, entry=entry, by=by, idempotency_key=teller.key(), follow_up_id=row.pk
    )
    if outcome == ContactOutcome.BOUGHT_ELSEWHERE:
        _lose(teller, row)


def _visit_time(rng: Random) -> datetime:
    day = clock.today() + timedelta(days=rng.randint(1, 4))
    return clock.at_time(day, time(rng.choice([10, 11, 14, 15, 16]), rng.choice([0, 30])))


def _lose(teller: Teller, row: FollowUp) -> None:
    """The supervisor usually confirms the same evening."""
    leader = leader_of(row.assignee, store_id=teller.store.pk)
    if leader is not None and teller.rng.random() < 0.85:
        request = request_pending(kind=CLOSE, subject_type=SUBJECT, subject_id=row.opportunity_id)
        if request is not None:
            approval_decide(request_id=request.pk, approve=True, by=leader)


def tell_requests(teller: Teller) -> None:
    """Something for the leaders to decide, and a note in the timeline."""
    owner = teller.people["zhaoqiming"]
    rows = list(owner.opportunities.open().order_by("id")[:3])
    if len(rows) == 3:
        close_request(opportunity_id=rows[0].pk, outcome="lost", reason="price", note="对方置换多给 6,000", by=owner)
        note_add(opportunity_id=rows[1].pk, text="爱人更喜欢白色，等置换价", by=owner)
    _ask_levels(teller)
    _ask_exports(teller)


def _ask_levels(teller: Teller) -> None:
    """Two lower levels that wait, and one that was sent back with a reason."""
    owner = teller.people["linyue"]
    rows = list(owner.opportunities.open().filter(level__in=["H", "A"], requested_level="").order_by("-id")[:3])
    for row in rows:
        level_set(opportunity_id=row.pk, level="C", by=owner)
    if rows:
        request = request_pending(kind=LEVEL, subject_type=SUBJECT, subject_id=rows[-1].pk)
        leader = leader_of(owner, store_id=teller.store.pk)
        if request is not None and leader is not None:
            comment = "上周刚试驾过，按 A 级再跟两周，周五前给我反馈"
            approval_decide(request_id=request.pk, approve=False, comment=comment, by=leader)


def _ask_exports(teller: Teller) -> None:
    """A short list that is being made, and a long one that waits for the manager."""
    owner, leader = teller.people["linyue"], teller.people["qianwenbo"]
    export_request(view="week", filters={"level": ["H"]}, file_format="xlsx", by=owner)
    reason = "周末车展邀约，按名单逐个打电话"
    export_request(view="all", filters={}, file_format="xlsx", with_phones=True, reason=reason, by=leader)
    export_build_next()


def tell_inboxes(people: list[User]) -> None:
    """What arrived before yesterday was read."""
    yesterday = clock.at_time(clock.today() - timedelta(days=1), time(0))
    for user in people:
        old = user.notifications.filter(created_at__lt=yesterday).values_list("pk", flat=True)
        notices_read(by=user, ids=list(old))
