"""Mojibake: text that another program once decoded with the wrong charset, told by the sequences that only this makes.

Reads text; returns how much of it is such. Drops and repairs nothing: filters/charset.py has the limits. Linear.
"""

import re2

# What wrong decoding leaves behind. UTF-8 read as GBK: 鈥 锛 銆 (punctuation) and 鐨 涓 鏄 (的 一 是 ...) with neighbours
# of the same lead bytes; of the usual list 浜 is left out (横浜), as are 鏈 (區塊鏈) and 璇 (names). UTF-8 read as
# Shift_JIS: 縺 繧 繝 (kana). GBK read as UTF-8 and written again: 锟斤拷, in Korean 占쏙옙; uninitialised memory: 烫烫 屯屯
# (alone, 烫 屯 拷 are words). Big5 read as GBK: 琌 (是) ㎝ (和) ...; GBK read as Big5: 珨 (一) 岆 (是) ...; Shift_JIS read as
# GBK: 偺 (の) 偰 (て) ...: images of frequent characters that do not occur in 2.8 million Chinese characters of data/. (EUC-JP
# and EUC-KR read as GBK leave only words, wrong ones: that is perplexity's to see.) Any charset read as Latin-1: four letters with diacritics or controls in a row, or Â, Ã
# before a control or sign; as windows-1250: Ä, Ă, Ĺ before signs. UTF-8 read as windows-1251: Р and С before signs; as
# KOI8-R: box drawing beside letters; as windows-1256: ط and ظ at every second place. KOI8-R read as windows-1251, and
# Chinese as either: capitals behind small letters.
_CONTINUATION = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_CONTINUATION_1251 = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕї"
_CONTINUATION_1250 = "‚†‡‰‹•™›¦§¨©¬®°±˛´µ¶·¸˝ł\u00ad"
_TRACES = (
    "[鈥銆锛鐨涓鏄鍜鍦鐢鍙缁鎴绗鏂鎬閫鍒鍥鍚鎹縺繧繝琌㎝瓁籔玭硂厩砆璶竒﹁珨岆婓奻涴堎扂狟偺丄丅偟偑偰偡偼傪傕傟傜偆偙偔偒偁褉褋褌褍褏褘褜褟]"
    "|锟斤拷|斤拷锟|烫烫烫|屯屯屯|占쏙옙|\ufffd"
    f"|[\u00c0-\u00ff][{_CONTINUATION}\u00c0-\u00ff]{{3,}}|[\u00c2\u00c3][\u0080-\u00bf]|[\u0080-\u009f]{{2,}}"
    f"|[РС][{_CONTINUATION_1251}][РС][{_CONTINUATION_1251}][РС][{_CONTINUATION_1251}]"
    f"|[ÄĂĹ][{_CONTINUATION_1250}]|[а-яА-Я][\u2550-\u256c\u2580-\u2593]|[طظ][^\\s][طظ][^\\s][طظ][^\\s]|[а-яё][А-ЯЁ]{{2,}}"
)
_MOJIBAKE, _MOJIBAKE_UTF8 = re2.compile(_TRACES), re2.compile(_TRACES.encode())
_LOST = b"??????"
_QUESTION_MARKS = re2.compile(r"\?{6,}")
_MARKUP = re2.compile(r"(?is)<script\b[^>]*>.*?</script\s*>|<style\b[^>]*>.*?</style\s*>|<!--.*?-->|<[^<>]*>")


def mojibake(text: str, utf8: bytes | None = None) -> tuple[int, float | None]:
    """Characters in mojibake sequences outside markup, and their share of the visible characters (None without any).

    Visible means outside tags, scripts and styles, white space left out. Markup is cut away only from suspects. `utf8`
    spares encoding the text where it was UTF-8: half the time.
    """
    utf8 = text.encode("utf-8", "replace") if utf8 is None else utf8
    if (text.isascii() or _MOJIBAKE_UTF8.search(utf8) is None) and _LOST not in utf8:
        return 0, 0.0 if text else None
    text = _MARKUP.sub(" ", text)
    visible = sum(map(len, text.split()))
    if visible == 0:
        return 0, None
    broken = sum(len(match) for match in _MOJIBAKE.findall(text))
    broken += sum(match.count("?") for match in _QUESTION_MARKS.findall(text))
    return broken, broken / visible
