"""The message texts shipped with the product. Placeholders: {customer} {store} {address} {consultant} {model}."""

from datetime import date
from typing import Any

TEMPLATES: list[tuple[str, str, str, str]] = [
    (
        "thanks_call",
        "来电感谢",
        "Thanks for calling",
        "{customer}您好，我是{store}{consultant}。感谢您的来电，您问的{model}，我们有现车可看，"
        "地址{address}。有事随时打我电话。",
    ),
    (
        "thanks_visit",
        "到店感谢",
        "Thanks for visiting",
        "{customer}您好，我是{store}{consultant}。感谢您今天到店看{model}，资料我整理好了，有问题随时找我。",
    ),
    (
        "thanks_online",
        "留资问候",
        "Online greeting",
        "{customer}您好，我是{store}{consultant}。您关注的{model}，方便时我给您回电，介绍配置和到店路线。",
    ),
]


def ship(template_model: Any) -> None:
    """Write the texts when there are none."""
    if template_model.objects.exists():
        return
    template_model.objects.bulk_create(
        [
            template_model(
                code=code, name_zh=zh, name_en=en, body=body, valid_from=date(2020, 1, 1), sort_order=order * 10
            )
            for order, (code, zh, en, body) in enumerate(TEMPLATES, start=1)
        ]
    )
