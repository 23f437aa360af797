import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pinyin import PINYIN_LENGTH, SORT_KEY_LENGTH, TERM_LENGTH, search_keys, search_text


def test_search_keys_reads_the_surname_first_and_every_other_reading_too():
    keys = search_keys("单晓明")

    assert keys.sort_key == "shanxiaoming"
    assert keys.pinyin.split() == ["shanxiaoming", "danxiaoming", "chanxiaoming"]
    assert set(keys.terms) == {
        *("单", "晓", "明", "单晓", "晓明", "单晓明"),
        *("s", "sx", "sxm", "d", "dx", "dxm", "c", "cx", "cxm"),
        *("shan", "dan", "chan"),
    }


@pytest.mark.parametrize(
    ("name", "sort_key"),
    [
        ("曾芳", "zengfang"),
        ("仇勇", "qiuyong"),
        ("解敏", "xiemin"),
        ("查良", "zhaliang"),
        ("区伟", "ouwei"),
        ("盖洋", "geyang"),
        ("朴静", "piaojing"),
        ("覃洋", "qinyang"),
        ("翟超", "zhaichao"),
        ("任刚", "rengang"),
        ("华明", "huaming"),
        ("纪平", "jiping"),
        ("缪杰", "miaojie"),
        ("乐涛", "yuetao"),
        ("种磊", "chonglei"),
        ("召霞", "shaoxia"),
        ("冼娜", "xianna"),
        ("员强", "yunqiang"),
        ("黑军", "hejun"),
        ("宓艳", "miyan"),
        ("郇芳", "xunfang"),
        ("尉迟恭", "yuchigong"),
        ("万俟雪", "moqixue"),
        ("长孙敏", "zhangsunmin"),
        ("令狐冲", "linghuchong"),
        ("欧阳若曦", "ouyangruoxi"),
        ("重庆远岚汽车", "chongqingyuanlanqiche"),
    ],
)
def test_search_keys_reads_surnames_as_surnames(name, sort_key):
    assert search_keys(name).sort_key == sort_key


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("覃洋", "tanyang"),
        ("翟超", "dichao"),
        ("乐涛", "letao"),
        ("吕布", "lubu"),
        ("吕布", "lyubu"),
        ("司马长风", "simachangfeng"),
    ],
)
def test_search_keys_finds_the_other_reading(name, typed):
    assert typed in search_keys(name).pinyin.split()


def test_search_keys_of_a_compound_surname_has_it_as_one_term():
    terms = search_keys("欧阳若曦").terms

    assert {"ouyang", "oyrx", "oy", "欧阳", "若曦", "欧阳若曦"} <= set(terms)


def test_search_keys_of_a_latin_name():
    keys = search_keys("Michael Chen")

    assert (keys.pinyin, keys.sort_key) == ("michaelchen", "michaelchen")
    assert set(keys.terms) == {"michael", "chen", "m", "mc"}


def test_search_keys_of_a_mixed_name():
    assert search_keys("Michael陈").pinyin == "michaelchen"
    assert set(search_keys("陈Michael").terms) == {"陈", "c", "cm", "chen", "michael"}


def test_search_keys_of_a_long_name_with_a_dot():
    keys = search_keys("阿依古丽·买买提")

    assert keys.sort_key == "ayigulimaimaiti"
    assert {"阿依古丽", "买买提", "ayglmmt", "aygl"} <= set(keys.terms)


@pytest.mark.parametrize(
    ("name", "sort_key"), [("䶮敏", "yanmin"), ("李㐂", "lixi"), ("𠮷野", "jiye"), ("张三丰😀", "zhangsanfeng")]
)
def test_search_keys_of_rare_characters_and_emoji(name, sort_key):
    keys = search_keys(name)

    assert keys.sort_key == sort_key
    assert name[:2] in keys.terms


def test_search_keys_skips_characters_that_no_table_knows():
    keys = search_keys("\U0003fff0\U0003fff1明远")

    assert (keys.sort_key, keys.terms[-2:]) == ("mingyuan", ("m", "my"))
    assert "\U0003fff0\U0003fff1明" in keys.terms


def test_search_keys_of_a_title_do_not_find_everybody():
    assert search_keys("宋先生").terms == ("宋", "宋先", "宋先生", "s", "sx", "sxs", "song")
    assert "女士" not in search_keys("覃女士").terms


@pytest.mark.parametrize("name", ["", "  ", "😀", "——", "·"])
def test_search_keys_of_nothing_are_empty(name):
    assert search_keys(name) == search_keys("")
    assert (search_keys(name).pinyin, search_keys(name).terms) == ("", ())


@given(st.text(max_size=200) | st.text("单乐长行朝茜晟柏莞𠮷\U00031350aZ9 ·😀", max_size=200))
def test_search_keys_always_fit_their_columns(name):
    keys = search_keys(name)

    assert len(keys.pinyin) <= PINYIN_LENGTH
    assert len(keys.sort_key) <= SORT_KEY_LENGTH
    assert all(0 < len(term) <= TERM_LENGTH for term in keys.terms)
    assert len(keys.terms) == len(set(keys.terms))


def test_search_text_has_the_shape_of_the_stored_keys():
    assert search_text(" 阿依古丽·买 买提😀") == "阿依古丽买买提"
    assert search_text("Michael  CHEN") in search_keys("Michael Chen").pinyin
