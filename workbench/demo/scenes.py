"""The customers of the drawings, all with the first consultant: late, due and fresh ones."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from core import clock
from core.phones import normalize_phone
from followups.enums import ContactChannel, ContactOutcome
from followups.services import Entry, contact_record, followup_remind_next, message_send
from leads.enums import LeadKind
from leads.services import LeadInput, RegisterResult, lead_register
from opportunities.services import facts_update
from workbench.demo import cast
from workbench.demo.story import Teller

LONGEST_AGO = 10


@dataclass(frozen=True)
class Scene:
    """One customer: registered so many days ago, talked to on these days after it."""

    name: str
    gender: str
    window: str
    series: str
    kind: str
    channel: str
    days_ago: int
    at: time = time(14, 10)
    trim: str = ""
    note: str = ""
    talks: tuple[tuple[int, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


SCENES = [
    Scene(
        "王建国", "male", "7d", "s7", LeadKind.ONLINE, "douyin_live", 9, at=time(20, 16), trim="1.5T 插混 尊享",
        talks=((2, "要和爱人商量；关心旧车置换价，约周六回电"),),
        facts={
            "colour": "星云灰 / 暖砂米", "budget_min_rmb": Decimal(180_000), "budget_max_rmb": Decimal(210_000),
            "usage": "family", "payment_method": "loan", "trade_in": "2017 款 · 估 ¥38,000", "competitor": "东曜 T7",
            "concerns": ["二排空间", "静谧性", "置换价", "方向盘偏轻"], "decision_makers": 2,
        },
    ),
    Scene(
        "李雪梅", "female", "15d", "e5", LeadKind.WALK_IN, "walk_in", 4, trim="长续航",
        note="在比冬季续航，想看实测数据", facts={"concerns": ["冬季续航"]},
    ),
    Scene(
        "张伟强", "male", "30d", "v8", LeadKind.WALK_IN, "walk_in", 4, at=time(15, 25), trim="七座",
        note="家里六口人，先了解二排通道", facts={"concerns": ["二排通道"]},
    ),
    Scene("马俊杰", "male", "30d", "s7", LeadKind.ONLINE, "douyin", 0, note="抖音留资，未接触"),
    Scene(
        "黄志远", "male", "7d", "s7", LeadKind.WALK_IN, "walk_in", 7, at=time(10, 40), trim="1.5T 插混 尊享",
        talks=((2, "昨日看车满意，等 36 期方案"),),
    ),
    Scene(
        "徐丽华", "female", "15d", "e5", LeadKind.WALK_IN, "referral", 2, at=time(11, 5), trim="标准",
        note="关注儿童座椅接口和后排空间",
    ),
    Scene(
        "朱文博", "male", "90d", "s7", LeadKind.CALL, "phone_in", 7, at=time(9, 50), talks=((2, "预计春节后换车"),),
    ),
]  # fmt: skip


def tell_scenes(teller: Teller) -> None:
    """Register them, tell what was said, and let the reminders of the last days go out."""
    for scene in SCENES:
        at = _moment(scene)
        result = _register(teller, scene, at)
        _facts(teller, scene, result, at)
        if scene.days_ago:
            _say_hello(teller, result, at + timedelta(minutes=25))
        for days, sentence in scene.talks:
            _talk(teller, result, sentence, clock.at_time(clock.local_date(at) + timedelta(days=days), time(14, 8)))
    for days in range(LONGEST_AGO, 0, -1):
        with clock.travel(clock.end_of_day(clock.today() - timedelta(days=days))):
            while followup_remind_next():
                pass


def _moment(scene: Scene) -> datetime:
    """Today's lead came in just now, whatever the hour."""
    if scene.days_ago == 0:
        return clock.now() - timedelta(minutes=8)
    return clock.at_time(clock.today() - timedelta(days=scene.days_ago), scene.at)


def _register(teller: Teller, scene: Scene, at: datetime) -> RegisterResult:
    owner, desk = teller.people["linyue"], teller.people["xujingyi"]
    series = next(row for row in teller.series if row.code == scene.series)
    data = LeadInput(
        kind=scene.kind,
        phone=normalize_phone(teller.phone()),
        name=scene.name,
        gender=scene.gender,
        channel_id=teller.channels[scene.channel].pk,
        series_id=series.pk,
        purchase_window=scene.window,
        area=teller.rng.choice(cast.AREAS),
        note=scene.note,
    )
    with clock.travel(at):
        return lead_register(
            store_id=teller.store.pk,
            data=data,
            owner=owner,
            by=owner if scene.kind == LeadKind.WALK_IN else desk,
            idempotency_key=teller.key(),
        )


def _facts(teller: Teller, scene: Scene, result: RegisterResult, at: datetime) -> None:
    opportunity = result.opportunity
    series = next(row for row in teller.series if row.code == scene.series)
    trim = series.trims.filter(name=scene.trim).first() if scene.trim else None
    changes = scene.facts | ({"trim_id": trim.pk} if trim else {})
    if changes:
        with clock.travel(at + timedelta(minutes=20)):
            facts_update(
                opportunity_id=opportunity.pk,
                version=opportunity.version,
                by=teller.people["linyue"],
                **changes,
            )


def _say_hello(teller: Teller, result: RegisterResult, at: datetime) -> None:
    owner = teller.people["linyue"]
    with clock.travel(at):
        message_send(
            opportunity_id=result.opportunity.pk,
            body=f"{result.customer.name}您好，我是{teller.store.name}{owner.name}，有事随时打我电话。",
            is_by_system=True,
            by=owner,
            idempotency_key=teller.key(),
            follow_up_id=None,
        )


def _talk(teller: Teller, result: RegisterResult, sentence: str, at: datetime) -> None:
    entry = Entry(
        channel=ContactChannel.PHONE,
        outcome=ContactOutcome.TALKED,
        sentence=sentence,
        duration_s=252,
        evidence={"source": "demo"},
    )
    with clock.travel(at):
        contact_record(
            opportunity_id=result.opportunity.pk,
            entry=entry,
            by=teller.people["linyue"],
            idempotency_key=teller.key(),
        )
