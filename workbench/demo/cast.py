"""The invented people and cars of the demo store. Names, numbers and plates belong to nobody."""

from staff.enums import Role

PASSWORD = "shuncheng-demo"  # noqa: S105 -- the trial prints it; production has no demo store
GROUP = "远岚汽车集团"
STORE = {
    "code": "binjiang",
    "name": "杭州滨江店",
    "brand_name": "远岚汽车",
    "address": "滨江区江晖路 88 号",
    "area_code": "0571",
}
OTHER_STORE = {
    "code": "xiaoshan",
    "name": "杭州萧山店",
    "brand_name": "远岚汽车",
    "address": "萧山区市心中路 66 号",
    "area_code": "0571",
}

# employee number, name, role, gender, leader's employee number (R-001, R-002 and the other roles)
PEOPLE: list[tuple[str, str, str, str, str]] = [
    ("gaoyuan", "高远", Role.GENERAL_MANAGER, "male", ""),
    ("shenlifeng", "沈立峰", Role.SALES_MANAGER, "male", "gaoyuan"),
    ("qianwenbo", "钱文博", Role.SALES_SUPERVISOR, "male", "shenlifeng"),
    ("linyue", "林悦", Role.SALES_CONSULTANT, "female", "qianwenbo"),
    ("zhaoqiming", "赵启明", Role.SALES_CONSULTANT, "male", "qianwenbo"),
    ("sunxiaowen", "孙晓雯", Role.SALES_CONSULTANT, "female", "qianwenbo"),
    ("zhouziang", "周子昂", Role.SALES_CONSULTANT, "male", "qianwenbo"),
    ("xujingyi", "许静怡", Role.TELESALES_AGENT, "female", "shenlifeng"),
    ("dingyuwei", "丁雨薇", Role.TELESALES_AGENT, "female", "shenlifeng"),
    ("fangqing", "方晴", Role.RECEPTIONIST, "female", "shenlifeng"),
    ("hejianing", "何嘉宁", Role.TEST_DRIVE_SPECIALIST, "male", "shenlifeng"),
    ("fangweiguo", "方卫国", Role.DELIVERY_SPECIALIST, "male", "shenlifeng"),
    ("chenmolin", "陈墨林", Role.FINANCE, "female", "gaoyuan"),
    ("luyiming", "陆一鸣", Role.STOCK_KEEPER, "male", "shenlifeng"),
    ("wumengjie", "吴梦洁", Role.KEY_ACCOUNT_SPECIALIST, "female", "shenlifeng"),
    ("fengyaqin", "冯雅岚", Role.MARKETING_SPECIALIST, "female", "gaoyuan"),
    ("hanbaoyi", "韩葆一", Role.INSURANCE_PARTNER, "male", ""),
    ("xujing", "许静", Role.ADMINISTRATOR, "female", "gaoyuan"),
]
TEAM = ["linyue", "zhaoqiming", "sunxiaowen", "zhouziang", "qianwenbo"]
OTHER_PEOPLE: list[tuple[str, str, str, str, str]] = [
    ("yanhaoran", "严浩然", Role.SALES_MANAGER, "male", ""),
    ("jiangxin", "江欣", Role.SALES_CONSULTANT, "female", "yanhaoran"),
]

# brand, is competitor, [(code, name, aliases, [(trim, energy, guide price RMB)])]
CATALOGUE: list[tuple[str, bool, list[tuple[str, str, list[str], list[tuple[str, str, int]]]]]] = [
    (
        "远岚",
        False,
        [
            (
                "s7",
                "远岚 S7",
                ["S7", "远岚S7", "远岚S7 尊享"],
                [("1.5T 插混 豪华", "plug_in", 169_800), ("1.5T 插混 尊享", "plug_in", 189_800)],
            ),
            (
                "e5",
                "远岚 E5",
                ["E5", "远岚E5", "E5 长续航"],
                [("标准", "electric", 139_800), ("长续航", "electric", 159_800)],
            ),
            (
                "v8",
                "远岚 V8",
                ["V8", "V8七座", "远岚V8 行政"],
                [("七座", "hybrid", 229_800), ("行政", "hybrid", 269_800)],
            ),
        ],
    ),
    ("东曜", True, [("dongyao-t7", "东曜 T7", ["东曜T7", "T7"], [])]),
]

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白"
    "孟秦邱侯江尹薛闫雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤单尉"
)
GIVEN = [
    "建平", "丽娟", "志强", "雨桐", "浩然", "晓燕", "国栋", "梦瑶", "俊杰", "秀兰", "子涵", "文博", "佳琪", "永辉",
    "雪梅", "思远", "海燕", "宏达", "静雯", "明轩", "慧敏", "立新", "欣怡", "振宇", "美玲", "家豪", "春燕", "凯",
    "敏", "磊", "婷", "刚", "娜", "涛", "芳", "勇", "艳", "军", "玲", "强",
]  # fmt: skip
AREAS = ["滨江", "萧山", "西湖", "上城", "拱墅", "余杭", "临平", "钱塘", "富阳"]

# What consultants write after a talk; {model} is filled in.
SENTENCES = [
    "要和爱人商量，关心旧车置换价",
    "在比冬季续航，想看实测数据",
    "家里六口人，先了解二排通道",
    "想要白色，等到店看实车",
    "周末带父母一起来看",
    "问 36 期月供，发了测算",
    "觉得价格还能再谈，没松口",
    "刚提了驾照，想先试驾",
    "公司年底有购车补贴，等通知",
    "关注儿童座椅接口和后排空间",
    "已发配置表，看完再联系",
    "出差到下周，回来再约",
    "旧车还有两个月到期，不着急",
    "同事买过 {model}，口碑不错",
]
TAGS = ["置换价", "优惠", "等家人", "比竞品", "等车源"]
NOTES = ["关注续航", "想试驾", "问落地价", "置换 2017 款", "要白色，三天内给回复", "爱人做主，周末来店", ""]
