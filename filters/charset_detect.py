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
from collections.abc import Iterable, Mapping
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
_MARKS = "\u00a0«»“”‘’–—•…©®°·´€„"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєў"

ERROR_NATS = 20.0
"""Price of one undecodable byte: about two rare two-byte characters, so a page with stray bytes keeps its encoding."""

_CONTROL_NATS = 12.0  # U+0080 to U+009F: what the quotation marks of windows-125x are in ISO-8859-x
_ASCII_NATS = 3.3  # a letter among 26
_CLASH_NATS = (
    6.0  # a Latin letter glued to one of another script, accented letters in a row, one Han character in a word
)
_HINT_NATS = 0.5  # per byte, for the language that <html lang> names
_LETTERS, _PUNCTUATION, _OTHERS = 0.88, 0.1, 0.02  # of what is not ASCII, in languages of the Latin alphabet
_CAPITAL = 0.05  # of the small letter's share


class _Model(NamedTuple):
    codec: str
    language: str
    prices: Mapping[str, float]  # nats of a character
    rare: float  # of every other one
    handicap: float  # nats per byte, against encodings that are rare on the web and otherwise too flexible


class Priced(NamedTuple):
    """Nats per byte: `evidence` is what the bytes say, `price` also how rare the codec is where nothing declares it.

    `errors` is the share of characters that are not ASCII that could not be decoded.
    """

    codec: str
    price: float
    evidence: float
    errors: float


_SINGLE, _MULTI = 90, 16_000

# language, common characters (most frequent first), (Python codec, further characters that it can say, handicap)
_SCRIPTS: tuple[tuple[str, str, tuple[tuple[str, int, float], ...]], ...] = (
    ("zh", _CJK_MARKS[:6] + _HANS + _CJK_MARKS[6:], (("gb18030", _MULTI, 0.0),)),
    ("zh", _CJK_MARKS[:6] + _HANT + _CJK_MARKS[6:], (("big5hkscs", _MULTI, 0.0), ("gb18030", _MULTI, 0.3))),
    ("ja", _CJK_MARKS[:2] + _KANA + _KANJI + _CJK_MARKS[2:], (("cp932", 7_000, 0.0), ("euc_jis_2004", 7_000, 0.0))),
    ("ko", _HANGUL + "·“”‘’…　", (("cp949", _MULTI, 0.0),)),
    ("ru", _CYRILLIC + "«»–—\u00a0", (("cp1251", _SINGLE, 0.0), ("koi8-r", _SINGLE, 0.1), ("koi8-u", _SINGLE, 0.1))),
    ("ru", _CYRILLIC + "\u00a0", (("iso8859-5", _SINGLE, 0.2), ("cp866", _SINGLE, 0.3))),
    (
        "el",
        "αοιετσνηυρπκμλςωγάίόέδήύθχφβξώζψΑΕΠΤΣΚΆΈΉΌΎΏ\u00a0",
        (("cp1253", _SINGLE, 0.0), ("iso8859-7", _SINGLE, 0.0)),
    ),
    ("he", "יוהלאמרתבשנכדחעפקםטגןסצזךףץ", (("cp1255", _SINGLE, 0.0),)),
    ("ar", "اليمونرتبةعدسفهكقحجأشطصخىئءذزإضثغظآؤ،؛؟پچژگ", (("cp1256", _SINGLE, 0.0), ("iso8859-6", _SINGLE, 0.1))),
    ("th", "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถณศธ่้ีิั็์ืุูำ", (("cp874", _SINGLE, 0.1),)),
)
_WESTERN = (("cp1252", 0.0), ("iso8859-15", 0.0), ("mac-roman", 0.4))
_CENTRAL = (("cp1250", 0.0), ("iso8859-2", 0.0))
_BALTIC = (("cp1257", 0.0), ("iso8859-13", 0.0))
_PRIOR_NATS = {
    "iso8859-15": 1.0,
    "cp1250": 4.0,
    "iso8859-2": 4.0,
    "iso8859-7": 1.0,
    "koi8-u": 1.0,
    "cp1254": 5.0,
    "cp1257": 5.0,
    "iso8859-13": 6.0,
    "cp1258": 6.0,
    "iso8859-16": 6.0,
    "mac-roman": 20.0,
}  # of a page, against codecs that are rarer on the web than their neighbours: one accent proves little

# Languages of the Latin alphabet: parts per thousand of the letters that are not ASCII, counted in data/lid (folds 1
# to 9 of pipeline/train/texts.py; 200 sentences each; what wrong decoding had made was left out), and their codecs.
_LATIN: tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...] = (
    ("de", "ü370 ä350 ö160 ß105 é3", _WESTERN),
    ("fr", "é640 è90 à86 ê38 î18 ç13 â13 ô10 û5 ï4 ë4 ù4 œ5", _WESTERN),
    ("es", "ó370 í193 á185 é122 ñ72 ú45 ü4 ¿8 ¡3 ª2 º2", _WESTERN),
    ("it", "à400 è270 ù113 ì105 ò105 é60 î1", _WESTERN),
    ("pt", "ã210 ç190 á140 é130 í90 ó62 õ47 ê34 ú33 â17 à14 ô4 º6 ª4", _WESTERN),
    ("ca", "ó243 à208 è142 é115 í105 ç51 ò46 ú43 ï20 ü8 ·30", _WESTERN),
    ("nl", "ë400 é350 è100 ï90 ö20 ü20 ê20 ç5 à5", _WESTERN),
    ("sv", "ä390 ö315 å295 é5", _WESTERN),
    ("nb", "å440 ø330 æ180 é12 ö5 ä5 ü5 ô2", _WESTERN),
    ("fi", "ä868 ö126 å6", _WESTERN),
    ("is", "ð330 á143 í111 þ95 ó75 ö64 æ62 ú40 é37 ý17", _WESTERN),
    ("sq", "ë950 ç25 â2", _WESTERN),
    ("ga", "í251 á243 é235 ú130 ó115", _WESTERN),
    ("et", "ä345 õ330 ü190 ö102 š15 ž8", (*_WESTERN, *_BALTIC)),
    ("pl", "ł240 ą180 ę178 ó126 ż112 ś76 ć58 ń25 ź9", _CENTRAL),
    ("cs", "í230 á148 ě120 ř82 é82 č75 ý63 ž60 š58 ů37 ú10 ň5 ť4 ď4 ó2", _CENTRAL),
    ("sk", "á180 í113 ž99 č96 ý93 š80 ú76 é68 ť56 ľ45 ô19 ó13 ň11 ď10 ä6 ĺ2 ŕ2", _CENTRAL),
    ("hu", "é300 á290 ö110 ó82 ő65 ü54 í44 ú24 ű16", _CENTRAL),
    ("ro", "ă400 î165 ţ160 ş150 â60", _CENTRAL),
    ("ro", "ă400 î165 ț160 ș150 â60", (("iso8859-16", 0.0),)),
    ("hr", "č300 š278 ć170 ž150 đ57", _CENTRAL),
    ("sl", "č450 š305 ž205 ć8 đ4", _CENTRAL),
    ("tr", "ı380 ü165 ş127 ç90 ğ85 ö64 â3 î1 İ16", (("cp1254", 0.0),)),
    ("lt", "ė198 ų170 š152 ž120 ą105 į72 ū60 č45 ę26", _BALTIC),
    ("lv", "ā356 ī195 ē153 š115 ū52 ņ34 ļ22 ž11 ķ11 ģ9 č7", _BALTIC),
    (
        "vi",
        "\u0323137 ê92 \u030189 ư80 \u030975 ô71 \u030068 ơ67 đ70 â56 à55 á40 \u030330 ă26 ó18 í8 ú5 ù4 é2 è2 ì2",
        (("cp1258", 0.0),),
    ),
)


def _script_prices(common: str, others: int) -> tuple[dict[str, float], float]:
    """The most frequent third shares .55 of the probability, the others .25, all else that the encoding can say .2."""
    third = len(common) // 3
    frequent, rest = frozenset(common[:third]), frozenset(common[third:])
    prices = dict.fromkeys(rest, log(len(rest) / 0.25)) | dict.fromkeys(frequent, log(third / 0.55))
    return _UNIVERSAL | prices, log(others / 0.2)


def _letter_prices(shares: str) -> tuple[dict[str, float], float]:
    weights: dict[str, float] = {}
    for share in shares.split(" "):
        letter, weight = share[0], float(share[1:])
        weights[letter] = weight
        if len(capital := letter.upper()) == 1 and capital != letter:
            weights.setdefault(capital, weight * _CAPITAL)
    scale = _LETTERS / sum(weights.values())
    prices = dict.fromkeys(_MARKS, log(len(_MARKS) / _PUNCTUATION))
    prices |= {letter: -log(weight * scale) for letter, weight in weights.items()}
    return _UNIVERSAL | prices, log(_SINGLE / _OTHERS)


_UNIVERSAL = (
    {chr(code): _ASCII_NATS for code in range(0x80)}
    | {chr(code): _CONTROL_NATS for code in range(0x80, 0xA0)}
    | {" ": 0.0, "\ufffd": ERROR_NATS}
)
_MODELS = tuple(
    _Model(codec, language, *_script_prices(common, others), handicap)
    for language, common, codecs in _SCRIPTS
    for codec, others, handicap in codecs
) + tuple(
    _Model(codec, language, *_letter_prices(shares), handicap)
    for language, shares, codecs in _LATIN
    for codec, handicap in codecs
)

# What these codecs say, their relatives say too, apart from a few characters.
_RELATIVE = {
    "iso8859-14": "cp1252",
    "iso8859-11": "cp874",
    "iso8859-8": "cp1255",
    "cp950": "big5hkscs",
    "euc_jp": "euc_jis_2004",
    "iso8859-10": "cp1257",
    "iso8859-4": "cp1257",
    "iso8859-3": "cp1254",
}

_TAGS = re.compile(rb"<[^<>]{0,4000}>")
# A word with a high byte, with the ASCII bytes that can end a two-byte character (their lead byte is always high).
_HIGH_RUN = re.compile(rb"[A-Za-z]{0,20}[\x80-\xff][\x40-\x5b\x5d-\xff]*")
_FOREIGN = "\u0370-\u06ff\u0e00-\u0e7f\uff61-\uff9f"
_CLASH = re.compile(
    f"[A-Za-z\u00c0-\u024f][{_FOREIGN}]|[{_FOREIGN}][A-Za-z\u00c0-\u024f]|[\u00c0-\u024f]{{2}}|[a-z][\u3400-\u9fff\uac00-\ud7af](?=[a-z])"
)
_SAMPLE_PARTS, _PART_BYTES, _PREVIEW_BYTES = 4, 512, 128
_SHORTLIST_NATS = 1.0


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


def ranking(part: bytes, language: str = "") -> list[Priced]:
    """The likely codecs with their prices of `part` (made by `sample`), the likeliest first; `language` is a hint.

    A preview of about a quarter rules out what cannot come near: most codecs, and most of the time.
    """
    if not part.strip():
        return []
    found = _priced(part[:_PART_BYTES], _MODELS, language) if len(part) <= _PART_BYTES else _shortlisted(part, language)
    for codec, near in _RELATIVE.items():
        if near in found:
            found[codec] = found[near]._replace(codec=codec, price=found[near].price + 0.05)
    return sorted(found.values(), key=lambda priced: priced.price)


def _shortlisted(part: bytes, language: str) -> dict[str, Priced]:
    preview = b" ".join(run[:_PREVIEW_BYTES] for run in part.split(b" ")[::4])
    first = _priced(preview, _MODELS, language)
    limit = min(priced.price for priced in first.values()) + _SHORTLIST_NATS
    return _priced(part, [model for model in _MODELS if first[model.codec].evidence <= limit], language)


def _priced(part: bytes, models: Iterable[_Model], language: str) -> dict[str, Priced]:
    """Of each codec the price by the language that it suits best."""
    size = max(1, len(part) - part.count(b" "))
    counts: dict[str, list[tuple[str, int]]] = {}
    clashes: dict[str, float] = {}
    errors: dict[str, float] = {}
    found: dict[str, Priced] = {}
    for model in models:
        if model.codec not in counts:
            text = part.decode(model.codec, "replace")
            counts[model.codec] = list(Counter(text).items())
            clashes[model.codec] = _CLASH_NATS * len(_CLASH.findall(text))
            not_ascii = len(text) - len(text.encode("ascii", "ignore"))
            errors[model.codec] = text.count("\ufffd") / max(1, not_ascii)
        known, rare = model.prices.get, model.rare
        nats = clashes[model.codec] + sum([count * known(letter, rare) for letter, count in counts[model.codec]])
        evidence = nats / size - _HINT_NATS * (model.language == language)
        price = evidence + model.handicap + _PRIOR_NATS.get(model.codec, 0.0) / size
        if model.codec not in found or price < found[model.codec].price:
            found[model.codec] = Priced(model.codec, price, evidence, errors[model.codec])
    return found
