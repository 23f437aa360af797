"""The channels shipped with the product (domain.md section 6); each store edits the list."""

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
