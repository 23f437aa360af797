"""Lists shipped with the product, which each store edits: channels (domain.md section 6), reasons for looking."""

from datetime import date
from typing import Any

CHANNELS: list[tuple[str, str, str, str, list[str]]] = [
    ("walk_in", "walk_in", "自然到店", "Walk-in", ["到店", "自然进店", "展厅"]),
    ("phone_in", "phone", "400 电话", "Hotline", ["400电话", "来电", "电话", "热线"]),
    ("douyin", "online", "抖音", "Douyin", ["抖音", "douyin", "抖音留资"]),
    ("douyin_live", "online", "抖音直播", "Douyin live", ["抖音直播", "直播"]),
    ("autohome", "online", "汽车之家", "Autohome", ["汽车之家", "autohome"]),
    ("dongchedi", "online", "懂车帝", "Dongchedi", ["懂车帝", "dongchedi"]),
    ("yiche", "online", "易车", "Yiche", ["易车", "易车网", "yiche"]),
    ("website", "online", "官网", "Website", ["官网", "网站", "小程序"]),
    ("manufacturer", "manufacturer", "厂方分配", "Manufacturer", ["厂家", "厂方"]),
    ("referral", "referral", "转介绍", "Owner referral", ["转介绍", "朋友介绍", "老客户介绍"]),
    ("repurchase", "repurchase", "再购置换", "Repurchase", ["再购", "置换", "增购"]),
    ("roadshow", "roadshow", "外展", "Roadshow", ["外展", "巡展", "车展", "外拓"]),
    ("key_account", "key_account", "大客户", "Key account", ["大客户", "团购"]),
    ("secondary_dealer", "secondary_dealer", "二级网点", "Secondary dealer", ["二网", "代理商"]),
    ("other", "other", "其他", "Other", ["其它", "其他"]),
]


def ship(channel_model: Any) -> None:
    """Write the channels when there are none. Takes the model class so that a migration can pass its own."""
    if channel_model.objects.exists():
        return
    channel_model.objects.bulk_create(
        [
            channel_model(code=code, kind=kind, name_zh=zh, name_en=en, aliases=aliases, sort_order=order * 10)
            for order, (code, kind, zh, en, aliases) in enumerate(CHANNELS, start=1)
        ]
    )


# For whom, code, Chinese, English. The first of each class is what a form proposes.
ACCESS_REASONS: list[tuple[str, str, str, str]] = [
    ("phone", "contact", "联系客户", "Contact the customer"),
    ("phone", "check", "核对号码", "Check the number"),
    ("phone", "hand_over", "客户交接", "Hand the customer over"),
    ("identity", "test_drive", "试驾登记", "Test drive"),
    ("identity", "contract", "签订合同", "Contract"),
    ("identity", "invoice", "开票", "Invoice"),
    ("identity", "registration", "上牌、保险", "Registration and insurance"),
    ("identity", "finance", "贷款申请", "Loan application"),
    ("identity", "check", "核对证件", "Check the document"),
    ("document", "test_drive", "试驾登记", "Test drive"),
    ("document", "contract", "签订合同", "Contract"),
    ("document", "registration", "上牌、保险", "Registration and insurance"),
    ("document", "finance", "贷款申请", "Loan application"),
    ("document", "check", "核对证件", "Check the document"),
]
FIRST_REASON = "contact"  # of a phone: the list of callbacks asks for no other
SINCE = date(2020, 1, 1)


def ship_privacy(reason_model: Any, policy_model: Any) -> None:
    """Write the reasons and the policy when there are none."""
    if not reason_model.objects.exists():
        reason_model.objects.bulk_create(
            [
                reason_model(
                    data_class=data_class, code=code, name_zh=zh, name_en=en, sort_order=order * 10, valid_from=SINCE
                )
                for order, (data_class, code, zh, en) in enumerate(ACCESS_REASONS, start=1)
            ]
        )
    if not policy_model.objects.exists():
        policy_model.objects.create(valid_from=SINCE)


# What somebody is called who was made anonymous: a word of the data, as names are, the same for every reader.
PSEUDONYM = "匿名客户 %(number)s"
