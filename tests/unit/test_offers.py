"""Phrases of gambling and sales talk: offers have many, honest text on the same matters few."""

import time

import pytest

from filters.key import make_fold
from filters.offers import OFFERS, count_offers
from filters.toxicity import SafetySpec
from filters.view import make_view

fold = make_fold()
CASINO = (
    "Join now and claim your welcome bonus! Our live casino has roulette, blackjack and baccarat tables, hundreds of slots with "
    "huge jackpots, and fast payouts. Make your first deposit today, get fifty free spins and win real money. Best odds on every bet."
)
HISTORY = (
    "Roulette was first played in Paris in 1796. The novelist lost his savings at the casino of Bad Homburg and wrote a story "
    "about a gambler within a month to pay what he owed. Visitors may see the hall on Sundays; the wheel is kept in the museum."
)
SALE = (
    "Order now and save up to 70 %! Free shipping worldwide, lowest prices, satisfaction guaranteed or your money back. Limited time "
    "offer, while stocks last. Contact us on WhatsApp, our customer service answers day and night. Use the promo code and hurry."
)
SHOP = (
    "The lamp has a shade of linen and a base of oak. It takes a bulb of 40 W, which is not included. The cable is 2 m long. "
    "In stock: 14 pieces. The price includes delivery within the country. You can return it within thirty days."
)
ZH_CASINO = "澳门新葡京娱乐城官网开户，注册送彩金88元，真人百家乐、老虎机、体育投注应有尽有，首存优惠，返水日结，提款秒到账，24小时客服在线。"
ZH_HISTORY = "1937年，澳门政府把赌博专营权判给泰兴公司。何鸿燊于1962年取得专营权，后来修建了葡京酒店。2002年赌权开放，游客数量逐年上升，税收占政府收入的一半以上。"
ZH_SALE = "厂家直销，现货供应，价格优惠，质量保证，假一赔十！限时特价包邮，赶快下单抢购，售后无忧，欢迎来电咨询，加微信领取优惠券，机会难得不要错过。"


def offers(text, language):
    return count_offers(make_view(text, fold(text), language, "Latn" if language == "en" else "Hans"))


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [(CASINO, "en", "gambling"), (SALE, "en", "offers"), (ZH_CASINO, "zh", "gambling"), (ZH_SALE, "zh", "offers")],
)
def test_offers_are_many_phrases(text, language, kind):
    spec = SafetySpec()
    limit = spec.max_gambling_terms if kind == "gambling" else spec.max_offer_terms
    assert offers(text, language)[kind] > limit
    assert offers("\n".join([text] * 40), language)[kind] > limit  # a long page as a short one
    assert offers(text.replace("，", " ★ "), language)[kind] > limit
    assert offers("".join(f"{c}\u200b" for c in text), language)[kind] > limit


@pytest.mark.parametrize(
    ("text", "language"),
    [(HISTORY, "en"), (SHOP, "en"), (ZH_HISTORY, "zh"), ("", "en"), ("文", "zh"), ("a\ud800b", "en")],
)
def test_honest_text_has_few(text, language):
    found = offers(text, language)
    assert found["gambling"] == 0
    assert found["offers"] <= 3


def test_a_game_without_an_offer_is_nothing():
    assert offers("casino " * 80, "en") == {"gambling": 0, "offers": 0}


def test_one_injected_paragraph_does_not_condemn_a_page():
    rest = f"{HISTORY}\n{SHOP}\n" * 4
    assert offers(f"{rest}{CASINO}\n{rest}", "en")["gambling"] == 0


def test_other_languages_are_not_judged():
    assert offers(CASINO, "de") is None
    assert offers("カジノ" * 20, "ja") is None


def test_no_phrase_stands_twice_in_a_list():
    for kinds in OFFERS.values():
        for phrases in kinds.values():
            assert len(phrases) == len(set(phrases))


def test_a_long_text_takes_no_longer():
    start = time.process_time()
    offers("casino bonus " * 1_000_000, "en")
    assert time.process_time() - start < 5  # folding 13 MB is most of it
