"""filters/assets.py and pipeline/train/pin.py: what is pinned, what is verified, what is refused."""

import tomllib
from pathlib import Path

import pytest

from filters import assets
from filters.assets import AssetError
from pipeline.train import pin as pins

ABOUT = {"licence": "CC0", "attribution": "nobody", "origin": "this test", "command": "printf"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An assets folder with one pinned file of four bytes."""
    folder = tmp_path / "assets" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.bin").write_bytes(b"four")
    pins.pin(folder / "tiny.bin", name="tiny", calibration={"perplexity": {"1": 2.5, "99": 7.0}}, **ABOUT)
    pins.write_index(tmp_path / "assets")
    return tmp_path / "assets"


def test_a_pinned_asset_is_found_with_its_calibration(root: Path) -> None:
    found = assets.resolve("tiny", root)
    assert found.path.read_bytes() == b"four"
    assert found.sha256 == "04efaf080f5a3e74e1c29d1ca6a48569382cbbcd324e8d59d2b83ef21c039f00"
    assert found.calibration == {"perplexity": {"1": 2.5, "99": 7.0}}


def test_an_altered_asset_of_the_same_size_is_refused(root: Path) -> None:
    assert assets.asset("tiny", root).is_file()
    (root / "tiny" / "tiny.bin").write_bytes(b"five")
    with pytest.raises(AssetError, match="Asset tiny was altered"):
        assets.asset("tiny", root)


def test_a_missing_asset_names_the_command_that_makes_it(root: Path) -> None:
    (root / "tiny" / "tiny.bin").unlink()
    with pytest.raises(AssetError, match="make it with: printf"):
        assets.asset("tiny", root)


def test_an_unknown_name_says_what_is_known(root: Path) -> None:
    with pytest.raises(AssetError, match="neither a pinned asset \\(tiny\\) nor a file"):
        assets.resolve("large", root)


def test_a_users_file_brings_the_calibration_beside_it(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine.bin"
    own.write_bytes(b"mine")
    assert assets.resolve(str(own), root).calibration == {}
    pins.pin(own, name="mine", calibration={"threshold": 0.4}, **ABOUT)
    assert assets.resolve(str(own), root).calibration == {"threshold": 0.4}
    own.write_bytes(b"changed since")
    with pytest.raises(AssetError, match=r"not the file that the asset\.toml beside it describes"):
        assets.resolve(str(own), root)


def test_pinning_again_replaces_one_entry_and_keeps_the_others(root: Path) -> None:
    other = root / "tiny" / "other.bin"
    other.write_bytes(b"other")
    pins.pin(other, name="other", **ABOUT)
    (root / "tiny" / "tiny.bin").write_bytes(b"five!")
    pins.pin(root / "tiny" / "tiny.bin", name="tiny", **ABOUT)
    pins.write_index(root)
    assert {name: row.bytes for name, row in assets.pinned(root).items()} == {"other": 5, "tiny": 5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "../secret"}, "outside its folder"),
        ({"file": "/etc/passwd"}, "outside its folder"),
        ({"colour": "red"}, "unknown fields: colour"),
    ],
)
def test_a_bad_entry_is_refused(change: dict[str, str], message: str) -> None:
    row = {"name": "x", "file": "x", "sha256": "0" * 64, "bytes": 0, **ABOUT, **change}
    with pytest.raises(AssetError, match=message):
        assets.parse({"asset": [row]}, "assets.toml")


def test_two_assets_of_one_name_are_refused(root: Path) -> None:
    text = (root / "assets.toml").read_text(encoding="utf-8")
    (root / "assets.toml").write_text(text + text, encoding="utf-8")
    with pytest.raises(AssetError, match="these repeat: tiny"):
        assets.pinned(root)


def test_the_shipped_index_is_what_the_folders_say_and_every_file_is_as_pinned() -> None:
    assert (assets.ROOT / assets.INDEX).read_text(encoding="utf-8") == pins.index_text()
    hashes = assets.verify_all(assets.pinned())
    assert list(hashes) == sorted(assets.pinned())
    for name, row in assets.pinned().items():
        assert hashes[name] == row.sha256
        assert row.licence, name
        assert row.command, name


def test_strings_that_need_escaping_survive_toml(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"")
    about = {**ABOUT, "attribution": 'quote " backslash \\ newline \n 中文 \u2028'}
    pins.pin(file, name="a", **about)
    row = tomllib.loads((tmp_path / "asset.toml").read_text(encoding="utf-8"))["asset"][0]
    assert row["attribution"] == about["attribution"]
