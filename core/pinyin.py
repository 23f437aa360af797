"""How a person or company is found by name: characters, pinyin, initials; surnames read as surnames.

The reading of a surname often differs from the everyday reading of its character, and pypinyin does not know that
somebody is called 单 (Shan). Source: libraries.md 1.1 and 6; readings after 现代汉语词典, 7th edition, s.v. 姓.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product
from types import ModuleType

from core.text import clean_text

# Sizes of the columns that hold the keys; `search_keys` never returns more.
PINYIN_LENGTH = 300
SORT_KEY_LENGTH = 100
TERM_LENGTH = 40
MAX_CHARACTER_TERMS = 40
MAX_READINGS = 6

_LONGEST_SUBSTRING = 4

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PART = re.compile(f"([{_HAN}]+)|([^\\W{_HAN}]+)")
_TITLE = re.compile("(?:先生|女士|小姐|太太|师傅|老板|经理|老师|医生|阿姨|同学)$")

# Surname and its readings, the usual one first; all of them are found.
_SURNAME_TABLE = """
单:shan 曾:zeng 仇:qiu 解:xie 查:zha 区:ou 盖:ge|gai 朴:piao|pu 覃:qin|tan 翟:zhai|di 任:ren 华:hua 纪:ji 缪:miao|mou
乐:yue|le 种:chong 召:shao 洗:xian 冼:xian 员:yun 贠:yun 恽:yun 黑:he 宓:mi|fu 郇:xun|huan 尉:wei|yu 秘:bi|mi 折:she
能:nai 隗:wei|kui 郗:xi|chi 牟:mu|mou 重:chong 么:yao 幺:yao 谌:chen|shen 郄:qie|xi 祭:zhai|ji 句:gou 强:qiang|jiang
瞿:qu 番:pan|fan 莘:shen|xin 繁:po|fan 费:fei|bi 盛:sheng 薄:bo 葛:ge 燕:yan 宁:ning 过:guo 那:na 撒:sa 车:che 逄:pang
晁:chao 庹:tuo 厍:she 訾:zi 眭:sui 阚:kan 臧:zang 佴:nai 乜:nie|mie 行:xing|hang 长:chang|zhang 占:zhan 相:xiang 曲:qu
柏:bai|bo 俞:yu 於:yu 吕:lv|lyu|lu 闾:lv|lyu|lu 颉:xie|jie 亓:qi 扎:zha 冯:feng
"""
# Surnames of two characters; a dot between the syllables.
_COMPOUND_TABLE = """
尉迟:yu.chi 万俟:mo.qi 长孙:zhang.sun 令狐:ling.hu 欧阳:ou.yang 司马:si.ma 司徒:si.tu 司空:si.kong 上官:shang.guan
诸葛:zhu.ge 东方:dong.fang 皇甫:huang.fu 慕容:mu.rong 宇文:yu.wen 夏侯:xia.hou 公孙:gong.sun 轩辕:xuan.yuan
赫连:he.lian 澹台:tan.tai 濮阳:pu.yang 淳于:chun.yu 单于:chan.yu 申屠:shen.tu 太叔:tai.shu 端木:duan.mu 独孤:du.gu
南宫:nan.gong 钟离:zhong.li 鲜于:xian.yu 呼延:hu.yan 百里:bai.li 东郭:dong.guo 南门:nan.men 西门:xi.men 东门:dong.men
左丘:zuo.qiu 梁丘:liang.qiu 闾丘:lv.qiu|lyu.qiu 乐正:yue.zheng 谷梁:gu.liang 拓跋:tuo.ba 夹谷:jia.gu 漆雕:qi.diao
壤驷:rang.si 公冶:gong.ye 公西:gong.xi 公良:gong.liang 宗政:zong.zheng 巫马:wu.ma 亓官:qi.guan 羊舌:yang.she
微生:wei.sheng 完颜:wan.yan 纳兰:na.lan 耶律:ye.lv|ye.lyu 子车:zi.ju 颛孙:zhuan.sun 第五:di.wu 仲孙:zhong.sun
叔孙:shu.sun 宰父:zai.fu 段干:duan.gan 达奚:da.xi 哥舒:ge.shu
"""
# Characters of given names that people read in two ways (司马长风, 赵乐).
_GIVEN_TABLE = "长:chang|zhang 乐:le|yue 行:xing|hang 朝:chao|zhao 茜:qian|xi 晟:sheng|cheng 柏:bai|bo 莞:wan|guan"


def _table(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split(":") for entry in text.split())
    return {characters: tuple(readings.split("|")) for characters, readings in entries}


_SURNAMES = _table(_SURNAME_TABLE)
_COMPOUND_SURNAMES = _table(_COMPOUND_TABLE)
_GIVEN = _table(_GIVEN_TABLE)
# Characters that people bear and pypinyin's table does not have.
_RARE = {"㐂": "xi", "𠮷": "ji"}


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """What is stored beside a name.

    `pinyin`: every reading written together, "shanxiaoming danxiaoming", for similarity search. `sort_key`: the
    preferred reading. `terms`: what is looked up exactly: up to four characters, initials, the surname's pinyin.
    """

    pinyin: str
    sort_key: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to say a name; one syllable (or latin word) each."""

    surname: tuple[str, ...]
    given: tuple[str, ...]

    @property
    def spelled(self) -> str:
        return "".join((*self.surname, *self.given))

    @property
    def initials(self) -> str:
        return "".join(syllable[0] for syllable in (*self.surname, *self.given) if syllable)


def search_keys(name: str) -> SearchKeys:
    """Return the keys of a name of any script; blanks, signs, emoji and the middle dot are ignored. Never fails."""
    parts = _PART.findall(clean_text(name))
    readings = _readings(parts)
    spelled = _unique(reading.spelled for reading in readings)
    initials = _unique(reading.initials for reading in readings)
    terms = _unique(
        (
            *_substrings("".join(han for han, _word in parts)),
            *(text[:length] for text in initials for length in range(1, len(text) + 1)),
            *("".join(reading.surname) for reading in readings),
            *(word.lower() for _han, word in parts),
        )
    )
    return SearchKeys(
        pinyin=_fit(spelled),
        sort_key=spelled[0][:SORT_KEY_LENGTH] if spelled else "",
        terms=tuple(term for term in terms if len(term) <= TERM_LENGTH),
    )


def surname_of(name: str) -> str:
    """Return the surname of a Chinese name (王建国: 王, 欧阳娜娜: 欧阳), "" for any other name or one with a title."""
    first = _PART.match(clean_text(name))
    if first is None or not first[1] or len(first[1]) < 2 or _TITLE.search(first[1]):
        return ""
    return _surname(first[1])[0]


def search_text(query: str) -> str:
    """Return what somebody typed in the shape of the stored keys: lower case, no blanks, dots or signs."""
    return "".join(han or word.lower() for han, word in _PART.findall(clean_text(query)))


def _readings(parts: list[tuple[str, str]]) -> list[_Reading]:
    """Return the readings of the whole name, the preferred one first; none for a name without letters."""
    if not parts:
        return []
    first, word = parts[0]
    surname, surname_readings = _surname(first) if first else ("", [(word.lower(),)])
    given = _choices(first.removeprefix(surname))
    for han, further_word in parts[1:]:
        given += _choices(han) if han else [(further_word.lower(),)]
    every = (_Reading(head, rest) for rest in product(*given) for head in surname_readings)
    return list(islice(every, MAX_READINGS))


def _choices(han: str) -> list[tuple[str, ...]]:
    """Return the readings of each character of a given name; nearly always one."""
    return [
        tuple(_unique((read, *_GIVEN.get(char, ())))) or ("",) for char, read in zip(han, _syllables(han), strict=True)
    ]


def _surname(han: str) -> tuple[str, list[tuple[str, ...]]]:
    """Split the surname from a Chinese name and return its readings, as a surname first, then as a plain character."""
    if han[:2] in _COMPOUND_SURNAMES:
        return han[:2], [tuple(reading.split(".")) for reading in _COMPOUND_SURNAMES[han[:2]]]
    surname = han[0]
    # In context: 重庆 is Chongqing, whatever the character alone would be.
    in_context = _syllables(han)[:1]
    pypinyin = _pypinyin()
    others = pypinyin.pinyin(surname, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore")
    readings = _unique((*_SURNAMES.get(surname, ()), *in_context, *(others[0] if others else ())))
    return surname, [(reading,) for reading in readings] or [("",)]


def _pypinyin() -> ModuleType:
    """Its tables take 55 MB, which a worker that only reminds never needs; dealership/wsgi.py loads them at once."""
    import pypinyin  # noqa: PLC0415

    return pypinyin


def _syllables(han: str) -> list[str]:
    """Return one syllable for each character, "" for a character that no table knows."""
    lazy_pinyin = _pypinyin().lazy_pinyin
    syllables = lazy_pinyin(han)  # a run of unknown characters comes back as one piece
    if len(syllables) != len(han):
        syllables = [lazy_pinyin(char)[0] for char in han]
    return [
        syllable if syllable != char else _RARE.get(char, "") for char, syllable in zip(han, syllables, strict=True)
    ]


def _substrings(characters: str) -> list[str]:
    """Return the pieces of up to four characters, short ones first; not the pieces of a title (宋先生: not 先生)."""
    title = _TITLE.search(characters)
    end = title.start() if title and title.start() > 0 else len(characters)
    pieces = _unique(
        characters[start : start + length]
        for length in range(1, _LONGEST_SUBSTRING + 1)
        for start in range(min(end, len(characters) - length + 1))
    )
    return pieces[:MAX_CHARACTER_TERMS]


def _fit(spelled: list[str]) -> str:
    """Join the readings; those that do not fit into the column are left out, a first one that is too long is cut."""
    text = spelled[0][:PINYIN_LENGTH] if spelled else ""
    for reading in spelled[1:]:
        if len(text) + 1 + len(reading) <= PINYIN_LENGTH:
            text = f"{text} {reading}"
    return text


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
