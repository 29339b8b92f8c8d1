"""URL lists: the tricks that must not get past them, and the neighbours that must."""

import pytest

from filters.url import UrlSpec, canonical
from schemas.decisions import KEEP, Drop
from schemas.records import Location, Page


def page(url):
    where = Location(file="a", offset=0, length=1)
    return Page(doc_id="0" * 32, url=url, fetched_at=None, payload=b"", media="html", location=where, source="test")


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    (folder / "adult.domains").write_text("bad.example\n# a comment\n\n中文.example\n192.0.2.7\n", encoding="utf-8")
    (folder / "adult.urls").write_text(
        "big.example/users/bad\nhttps://WWW.big.example/%62ooks/?id=1\n", encoding="utf-8"
    )
    (folder / "gambling.domains").write_text(
        "0.0.0.0 casino.example # hosts file\n*.wild.example\nbad.example\n", encoding="utf-8"
    )
    (folder / "readme.txt").write_text("not.a.list\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def check(lists):
    return UrlSpec(lists=(str(lists),)).open()


@pytest.mark.parametrize(
    "url",
    [
        "http://bad.example",
        "https://bad.example/",
        "https://BAD.Example/path?q=1#f",
        "//bad.example/x",
        "bad.example/x",
        "bad.example:8080/x",
        "http:bad.example",
        "http:\\\\bad.example\\x",
        "http://user:word@bad.example:80/",
        "http://good.example@bad.example/",
        "http://bad.example./",
        "http://a.b.c.bad.example/",
        "http://%62ad.example/",
        "http://ｂａｄ。example/",
        "http://b\tad.exa\nmple/",
        "http://中文.example/",
        "http://www.xn--fiq228c.example/",
        "http://192.0.2.7:81/x",
        "http://3221225991/",
        "http://0xc0000207/",
    ],
)
def test_a_listed_domain_is_found_in_every_spelling(check, url):
    assert check(page(url)) == Drop("blocked_domain", detail="adult")


@pytest.mark.parametrize("url", ["http://casino.example", "https://x.wild.example/", "https://wild.example"])
def test_hosts_files_and_wildcards(check, url):
    assert check(page(url)) == Drop("blocked_domain", detail="gambling")


@pytest.mark.parametrize(
    "url",
    [
        "https://big.example/users/bad",
        "https://big.example/users/bad/",
        "https://www.big.example//users/./bad/photos?x=1",
        "https://big.example/users/b%61d?page=2",
        "https://big.example/users/b%2561d",
        "https://big.example/books?id=1&amp;x=2",
        "https://big.example/books/?id=1#top",
    ],
)
def test_a_listed_url_takes_what_lies_below(check, url):
    assert check(page(url)) == Drop("blocked_url", detail="adult")


@pytest.mark.parametrize(
    "url",
    [
        "http://notbad.example/",
        "http://bad.example.org/",
        "http://example/",
        "http://bad.example@good.example/",
        "http://good.example/bad.example",
        "http://good.example/?u=http://bad.example/",
        "http://1.192.0.2.7/",
        "http://92.0.2.7/",
        "https://big.example/users/badger",
        "https://big.example/users",
        "https://big.example/",
        "https://sub.big.example/users/bad",
        "https://big.example/books?id=12",
        "http://not.a.list/",
        "",
        "http://",
        "mailto:a@b",
        "http://[::1",
        "http://\ud800\0/",
        "http://xn--a/",
        "http://" + "a." * 5_000,
        "http://a/" + "b/?&" * 50_000,
    ],
)
def test_neighbours_and_nonsense_pass(check, url):
    assert check(page(url)) == KEEP


def test_the_allow_list_wins(lists, tmp_path):
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("good.bad.example\n")
    check = UrlSpec(lists=(str(lists),), allowed_domains=(str(allowed),)).open()
    assert check(page("http://www.good.bad.example/")) == KEEP
    assert check(page("http://bad.example/")) == Drop("blocked_domain", detail="adult")


def test_categories_and_single_files(lists, tmp_path):
    extra = tmp_path / "mine.txt"
    extra.write_text("evil.example/x\nevil2.example\n")
    spec = UrlSpec(lists=(str(lists),), categories=("gambling",), blocked_urls=(str(extra),))
    check = spec.open()
    assert check(page("http://bad.example/")) == Drop("blocked_domain", detail="gambling")
    assert check(page("http://evil.example/x/y")) == Drop("blocked_url", detail="mine")
    assert check(page("http://a.evil2.example/x/y")) == Drop("blocked_domain", detail="mine")
    assert check(page("http://192.0.2.7/")) == KEEP
    assert [path.name for path in spec.files()] == ["gambling.domains", "mine.txt"]


def test_words_are_off_by_default_and_match_whole_words():
    assert UrlSpec().open()(page("http://porn.example/sex")) == KEEP
    check = UrlSpec(blocked_words=("sex", "赌场")).open()
    assert check(page("http://a.example/sex-video")) == Drop("blocked_word", detail="sex")
    assert check(page("http://a.example/%E8%B5%8C%E5%9C%BA%E5%A4%A7%E5%85%A8")) == Drop("blocked_word", detail="赌场")
    assert check(page("http://www.essex.ac.uk/sussex")) == KEEP


def test_a_folder_without_lists_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no"):
        UrlSpec(lists=(str(tmp_path),)).open()
    with pytest.raises(OSError, match="missing"):
        UrlSpec(blocked_domains=(str(tmp_path / "missing"),)).open()


def test_canonical_form():
    assert canonical("HTTPS://User@EXAMPLE.org.:443/A//B/?q=%E4%BD%A0#x") == ("example.org", "/a/b?q=你")
