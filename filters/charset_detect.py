"""Which legacy encoding are these bytes in? A likelihood over the bytes that are not ASCII.

Every candidate (encoding, language) decodes the same sample. Its characters are priced by a model of three classes:
the most frequent third of the language's common characters share .55 of the probability, the others .25, all else that
the encoding can say .2; an undecodable byte costs ERROR_NATS. The price in nats per byte then compares encodings of one and of two bytes for a
character fairly. EUC-KR and GB2312 share their code space, so only the frequency of characters tells them apart: resiliparse's
detector calls every Korean page of data/encodings UTF-8.

It does not know UTF-8, UTF-16 and ISO-2022-JP, which give themselves away (filters/charset.py), and it does not
tell encodings apart that differ in characters that the page does not use.
"""

import re
from collections import Counter
from math import log
from typing import NamedTuple

_HANS = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将"
    "两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及"
    "比员解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区"
    "保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记品住告类求据程北边张该交规万取拉格望术领共确传师"
    "观清今切院让识带导争运请您按钮站网页版登录注册首更多联系我们版权所有搜索点击下载文章评论发布时间阅读服务用户信息新闻中国北京上海"
)
_HANT = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學"
    "如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將"
    "兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及"
    "比員解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區"
    "保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記品住告類求據程北邊張該交規萬取拉格望術領共確傳師"
    "觀清今切院讓識帶導爭運請您按鈕站網頁版登錄註冊首更多聯繫我們版權所有搜尋點擊下載文章評論發布時間閱讀服務用戶資訊新聞中國台灣台北香港啲嘅係喺咗"
)
_KANA = "のにはたをがでてとしれさいあるかなもらこすまうくりきっんだよスルトンリアイーシラクタロぁぃぅぇえぉおぎぐけげござじずせぜそぞちつづどぬねばひびふぶへべほぼみむめゃやゅゆょろわァィゥウェエォオカガキギグケゲコゴサザジズセゼソゾダチッツヅテデドナニネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨレワヲ"
_KANJI = (
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨"
    "会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有"
    "口少町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢設定定済検索表示性関連化法合最"
)
_HANGUL = (
    "이다는의에을가를로고하지은한도어기사리자그나서시대정해인아있게일들제수부전라보주만스여으원니러면조상장성소구것신국우동용공경생당요내중모세관무지단개연문오유안위분트마"
    "적선업계데방거미까비화회았었했드치양진음되간물실크재람계습래와과저학야때않없교행명식설통년월더발터말또결히같본미럼레반입영할파약건령청예호두민후현처심권금주감려작속추외포"
    "체르함태된될며건각종점급법배집버접근프로운그램서버설정사용파일모듈링크웹실행"
)
_CJK_MARKS = "，。、：；？！“”‘’（）《》【】「」『』…—·・〈〉～　％１２３４５６７８９０"
_MARKS = "\u00a0«»“”‘’–—•…©®°·´€"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїє"

ERROR_NATS = 20.0
"""Price of one undecodable byte: about two rare two-byte characters, so a page with stray bytes keeps its encoding."""

_ASCII_NATS = 3.3  # a letter among 26
_CLASH_NATS = 6.0  # a Latin letter glued to one of another script, or accented letters in a row
_HINT_NATS = 0.5  # per byte, for the language that <html lang> names


class _Model(NamedTuple):
    codec: str
    language: str
    common: str  # most frequent first
    others: int  # how many further characters the encoding can say
    handicap: float  # nats per byte, against encodings that are rare on the web and otherwise too flexible


_SINGLE, _MULTI = 90, 16_000

# language, common characters, (Python codec, further characters, handicap)
_TABLE: tuple[tuple[str, str, tuple[tuple[str, int, float], ...]], ...] = (
    ("zh", _CJK_MARKS[:6] + _HANS + _CJK_MARKS[6:], (("gb18030", _MULTI, 0.0),)),
    ("zh", _CJK_MARKS[:6] + _HANT + _CJK_MARKS[6:], (("big5hkscs", _MULTI, 0.0), ("gb18030", _MULTI, 0.3))),
    ("ja", _CJK_MARKS[:2] + _KANA + _KANJI + _CJK_MARKS[2:], (("cp932", 7_000, 0.0), ("euc_jis_2004", 7_000, 0.0))),
    ("ko", _HANGUL + "·“”‘’…　", (("cp949", _MULTI, 0.0),)),
    ("ru", _CYRILLIC + "«»–—\u00a0", (("cp1251", _SINGLE, 0.0), ("koi8-r", _SINGLE, 0.1), ("iso8859-5", _SINGLE, 0.2))),
    ("ru", _CYRILLIC, (("cp866", _SINGLE, 0.3),)),
    ("de", "äöüßÄÖÜ" + _MARKS, (("cp1252", _SINGLE, 0.0), ("mac-roman", _SINGLE, 0.5))),
    ("fr", "éèêàâçîïôùûëœÉÀ" + _MARKS, (("cp1252", _SINGLE, 0.0), ("mac-roman", _SINGLE, 0.5))),
    ("es", "áéíóúñüãõçâêôàìòùèÁÉÍÓÚ¿¡ºª" + _MARKS, (("cp1252", _SINGLE, 0.0), ("mac-roman", _SINGLE, 0.5))),
    ("sv", "åäöøæéÅÄÖØÆðþýáíóú" + _MARKS, (("cp1252", _SINGLE, 0.0), ("mac-roman", _SINGLE, 0.5))),
    ("pl", "ąćęłńóśźżŁŚŻ" + _MARKS, (("cp1250", _SINGLE, 0.1), ("iso8859-2", _SINGLE, 0.1))),
    ("cs", "áčďéěíňřšťúůýžľĺŕôäČŠŽŘ" + _MARKS, (("cp1250", _SINGLE, 0.1), ("iso8859-2", _SINGLE, 0.1))),
    ("hu", "áéíóöőúüűÁÉÖÜ" + _MARKS, (("cp1250", _SINGLE, 0.1), ("iso8859-2", _SINGLE, 0.1))),
    ("ro", "ăâîşţĂÎŞŢčćđšžČĐŠŽ" + _MARKS, (("cp1250", _SINGLE, 0.1), ("iso8859-2", _SINGLE, 0.1))),
    ("el", "αοιετσνηυρπκμλςωγάίόέδήύθχφβξώζψΑΕΠΤΣΚ\u00a0", (("cp1253", _SINGLE, 0.0), ("iso8859-7", _SINGLE, 0.05))),
    ("tr", "ığşİçöüĞŞÇÖÜâî" + _MARKS, (("cp1254", _SINGLE, 0.2),)),
    ("he", "יוהלאמרתבשנכדחעפקםטגןסצזךףץ", (("cp1255", _SINGLE, 0.0),)),
    ("ar", "اليمونرتبةعدسفهكقحجأشطصخىئءذزإضثغظآؤ،؛؟پچژگ", (("cp1256", _SINGLE, 0.0), ("iso8859-6", _SINGLE, 0.1))),
    ("lt", "āčēģīķļņšūžąęėįųĄŠŽĀõäöü" + _MARKS, (("cp1257", _SINGLE, 0.3),)),
    ("vi", "\u0300\u0301\u0303\u0309\u0323đơưâêôăĐƠƯáàéèíóòúýùì" + _MARKS, (("cp1258", _SINGLE, 0.3),)),
    ("th", "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถณศธ่้ีิั็์ืุูำ", (("cp874", _SINGLE, 0.1),)),
)
_MODELS = tuple(
    _Model(codec, language, common, others, handicap)
    for language, common, codecs in _TABLE
    for codec, others, handicap in codecs
)

# What these codecs say, their relatives say too, apart from a few characters.
_RELATIVE = {
    "iso8859-15": "cp1252",
    "iso8859-14": "cp1252",
    "iso8859-11": "cp874",
    "iso8859-8": "cp1255",
    "koi8-u": "koi8-r",
    "cp950": "big5hkscs",
    "euc_jp": "euc_jis_2004",
    "iso8859-13": "cp1257",
    "iso8859-10": "cp1257",
    "iso8859-4": "cp1257",
    "iso8859-16": "iso8859-2",
    "iso8859-3": "cp1254",
}

_TAGS = re.compile(rb"<[^<>]{0,4000}>")
# A word with a high byte, with the ASCII bytes that can end a two-byte character (their lead byte is always high).
_HIGH_RUN = re.compile(rb"[A-Za-z]{0,20}[\x80-\xff][\x40-\x5b\x5d-\xff]*")
_FOREIGN = "\u0370-\u06ff\u0e00-\u0e7f\uff61-\uff9f"
_CLASH = re.compile(f"[A-Za-z\u00c0-\u024f][{_FOREIGN}]|[{_FOREIGN}][A-Za-z\u00c0-\u024f]|[\u00c0-\u024f]{{2}}")
_SAMPLE_PARTS, _PART_BYTES = 4, 512


def sample(body: bytes) -> bytes:
    """About 2 KiB of the words that are not ASCII, markup left out, from four places of the body.

    A page has most of its text anywhere: the head alone may be styles, the tail a footer.
    """
    runs = _HIGH_RUN.findall(_TAGS.sub(b" ", body))
    parts: list[bytes] = []
    for index in range(_SAMPLE_PARTS):
        size = 0
        for run in runs[index * len(runs) // _SAMPLE_PARTS : (index + 1) * len(runs) // _SAMPLE_PARTS]:
            parts.append(run[:_PART_BYTES])
            size += len(parts[-1]) + 1
            if size >= _PART_BYTES:
                break
    return b" ".join(parts)


def ranking(part: bytes, language: str = "") -> dict[str, float]:
    """Nats per byte of `part` (made by `sample`) for each codec, the likeliest first; `language` is a hint."""
    size = len(part) - part.count(b" ")
    if size == 0:
        return {}
    counts: dict[str, Counter[str]] = {}
    clashes: dict[str, int] = {}
    prices: dict[str, float] = {}
    for model in _MODELS:
        if model.codec not in counts:
            text = part.decode(model.codec, "replace")
            counts[model.codec] = Counter(text)
            clashes[model.codec] = len(_CLASH.findall(text))
        nats = _nats(counts[model.codec], model) + _CLASH_NATS * clashes[model.codec]
        price = nats / size + model.handicap - _HINT_NATS * (model.language == language)
        prices[model.codec] = min(price, prices.get(model.codec, price))
    prices |= {codec: prices[near] + 0.05 for codec, near in _RELATIVE.items()}
    return dict(sorted(prices.items(), key=lambda item: item[1]))


def _nats(counts: Counter[str], model: _Model) -> float:
    third = len(model.common) // 3
    frequent, common = frozenset(model.common[:third]), frozenset(model.common[third:])
    frequent_nats, common_nats, rare_nats = log(third / 0.55), log(len(common) / 0.25), log(model.others / 0.2)
    nats = 0.0
    for character, count in counts.items():
        if character == "\ufffd":
            nats += ERROR_NATS * count
        elif character in frequent:
            nats += frequent_nats * count
        elif character in common:
            nats += common_nats * count
        elif character >= "\x80":
            nats += rare_nats * count
        elif character != " ":
            nats += _ASCII_NATS * count
    return nats
