"""Words of lists from lead platforms, in the languages such lists come in. Data, not interface text."""

# What somebody is called whose name nobody wrote down: so that a valid number is never lost.
NAMELESS: dict[str, str] = {"male": "先生", "female": "女士", "": "未知"}


def _words(table: dict[str, str]) -> dict[str, str]:
    """{"male": "男 先生"} → {"男": "male", "先生": "male"}; words are lower case and without blanks."""
    return {word: meaning for meaning, text in table.items() for word in text.split()}


GENDER_WORDS = _words(
    {
        "male": "男 男士 先生 male m mr mr. man 1",
        "female": "女 女士 小姐 太太 female f ms ms. mrs mrs. miss woman 2",
    }
)
GENDER_ENDINGS: dict[str, str] = {"先生": "male", "女士": "female", "小姐": "female", "太太": "female"}

# What people write when there is nothing to write.
_NOTHING = "不确定 未定 待定 不清楚 不知道 未知 无 没有 暂无 未填 未留 - -- / n/a na none null unknown ? ？"
EMPTY_WORDS = frozenset(_NOTHING.split())

# Expected purchase time in words; numbers ("15天内") are read by leads.services.import_values.
WINDOW_WORDS = _words(
    {
        "7d": "7d 立即 马上 尽快 现在 近期 本周 这周 一周 一周内 1周内 h asap",
        "15d": "15d 下周 下个星期 两周 两周内 半个月 半月 半个月内 半月内 a",
        "30d": "30d 本月 本月内 这个月 一个月 一个月内 1个月内 月内 b",
        "90d": "90d 下个月 下月 两个月 两个月内 三个月 三个月内 3个月内 一季度 季度内 c",
        "undecided": "undecided 没想好 再看看 看看 不急 半年 半年内 一年 一年内 明年 三个月以上 三个月后 n",
    }
)
# Until a day of the year (month, day); counted from the lead's own day.
WINDOW_DAYS: dict[str, tuple[int, int]] = {
    "元旦前": (1, 1),
    "元旦": (1, 1),
    "年底": (12, 31),
    "年底前": (12, 31),
    "年内": (12, 31),
    "五一前": (5, 1),
    "国庆前": (10, 1),
}
CHINESE_DIGITS: dict[str, int] = {digit: value for value, digit in enumerate("一二三四五六七八九十", start=1)}
CHINESE_DIGITS["两"] = 2

# Headings, lower case and without blanks, in the order in which columns are claimed.
HEADINGS: dict[str, list[str]] = {
    field: text.split()
    for field, text in {
        "external_no": "线索编号 线索id 线索号 编号 leadid leadno leadnumber 订单编号 留资id clueid",
        "phone": "手机号 手机号码 手机 电话 联系电话 联系方式 电话号码 客户电话 客户手机 phone mobile tel telephone "
        "phonenumber mobilephone",
        "name": "客户姓名 姓名 客户名称 客户名 客户 联系人 称呼 名字 name customer customername fullname",
        "gender": "性别 称谓 gender sex salutation title",
        "channel": "来源渠道 渠道 来源 线索来源 媒体 平台 来自 来电渠道 channel source leadsource",
        "model": "意向车型 车型 意向车系 车系 感兴趣车型 意向 model car vehicle series modelofinterest",
        "window": "预计购车时间 购车时间 预计购车 购车计划 打算何时买 计划购车时间 购车周期 window purchasetime "
        "expectedpurchase timeline",
        "area": "所在区域 区域 地区 城市 所在城市 住址 住哪 地址 area city region district",
        "occurred_at": "留资时间 线索时间 创建时间 提交时间 来电时间 时间 日期 leadtime createdat time date createtime "
        "submittedat",
        "note": "备注 说明 留言 需求 客户需求 note notes remark remarks comment comments",
    }.items()
}
