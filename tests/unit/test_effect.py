"""The effect of other rules: equal to a plain loop over all documents, for any cut into parts; the command's sweeps."""

import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from pipeline.cli.decide import _sweep, _Texts
from pipeline.cli.errors import UsageError
from pipeline.dedup.clusters import DuplicatesSpec
from pipeline.effect import SIDE_SAMPLES, VERDICTS, Near, effects
from pipeline.snapshot import Snapshot
from schemas.rules import Rule
from schemas.tables import DECISIONS, DOCUMENTS, DUPLICATES

RULES = (
    Rule(reason="few", signal="text_chars", low=100),
    Rule(reason="odd", signal="oddness", high=0.8),
    Rule(reason="odd_zh", signal="oddness", low=0.1, high=0.7, languages=("zh-Hant", "ja")),
    Rule(reason="review", signal="text_chars", high=900, verdict="quarantine"),
    Rule(reason="flagged", signal="flag", high=0, languages=("zh",)),
)
CHANGED = (Rule(reason="few", signal="text_chars", low=300), *RULES[1:3], RULES[4])
SPEC = DuplicatesSpec(prefer=("longest",))


def documents(count=600, seed=1):
    """Rows with everything that decides about them; some 200 are in 60 clusters, a few of them copies of a record."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        language, script = rng.choice([("zh", "Hans"), ("zh", "Hant"), ("en", "Latn"), ("ja", "Jpan"), ("und", None)])
        rows.append(
            {
                "doc_id": f"{number * 2654435761 % 2**32:032x}", "language": language, "script": script,
                "text_chars": rng.choice([None, *[rng.randrange(1000) for _ in range(9)]]),
                "oddness": rng.choice([None, round(rng.random(), 2)]), "flag": rng.choice([None, True, False, False]),
                "cluster": rng.randrange(60) if rng.random() < 0.35 else None, "kind": "near", "offset": number,
                "old": rng.choice(["keep", "drop", "quarantine"]), "outer": rng.random() < 0.03,
            }
        )  # fmt: skip
    for row in rng.sample([row for row in rows if row["cluster"] is not None], 5):
        twin = dict(row, kind="same_record", offset=row["offset"] + 10_000)
        row["kind"] = "same_record"
        rows.insert(rng.randrange(len(rows)), twin)
    for cluster in range(60):
        members = [row for row in rows if row["cluster"] == cluster]
        for row in members:
            # One cluster in ten is represented by a document of another snapshot.
            row["representative"] = "f" * 32 if cluster % 10 == 0 else members[0]["doc_id"]
            row["cluster_id"] = min(member["doc_id"] for member in members)
    return rows


def stored(rows, folder, parts):
    snapshot = Snapshot(str(folder))
    names = []
    for number, part in enumerate(np.array_split(np.arange(len(rows)), parts)):
        mine = [rows[index] for index in part]
        names.append(f"part-{number}")
        table = [
            dict.fromkeys(DOCUMENTS.names)
            | {
                "doc_id": row["doc_id"], "language": row["language"], "script": row["script"], "url": f"https://a.test/{row['doc_id']}",
                "text": f"text of {row['doc_id']}", "location": {"file": "f", "offset": row["offset"], "length": 1},
            }
            for row in mine
        ]  # fmt: skip
        signals = {
            "doc_id": [row["doc_id"] for row in mine],
            "text_chars": pa.array([row["text_chars"] for row in mine], pa.int64()),
            "oddness": pa.array([row["oddness"] for row in mine], pa.float64()),
            "flag": pa.array([row["flag"] for row in mine], pa.bool_()),
        }
        decided = [
            dict.fromkeys(DECISIONS.names)
            | {
                "doc_id": row["doc_id"], "verdict": row["old"], "reasons": ["newer_capture"] if row["outer"] else ["few"],
                "values": [], "thresholds": [],
            }
            for row in mine
        ]  # fmt: skip
        copies = [
            dict.fromkeys(DUPLICATES.names)
            | {name: row[name] for name in ("doc_id", "cluster_id", "representative", "kind")}
            for row in mine
            if row["cluster"] is not None
        ]
        tables = {
            "documents": pa.Table.from_pylist(table, DOCUMENTS),
            "signals": pa.table(signals),
            "decisions": pa.Table.from_pylist(decided, DECISIONS),
            "duplicates": pa.Table.from_pylist(copies, DUPLICATES),
        }
        snapshot.commit(stage="decide", part=names[-1], fingerprint="", tables=tables, counts={})
    return snapshot, names


def broken(row, rules):
    """The rules that a row fails, by a plain reading of what a rule is."""
    found = []
    for rule in rules:
        value = row[rule.signal]
        if rule.languages and not {row["language"], f"{row['language']}-{row['script']}"} & set(rule.languages):
            continue
        low, high = rule.low is not None and value is not None, rule.high is not None and value is not None
        if (low and value < rule.low) or (high and value > rule.high):
            found.append(rule)
    return found


def rank_of(row, rules):
    failed = broken(row, rules)
    return 0 if any(rule.verdict == "drop" for rule in failed) else 1 if failed else 2


def gone(rows, rules, enabled):
    """By number of the row, whether a copy or an outer cause drops it."""
    chosen = {}
    for number, row in enumerate(rows):
        if row["cluster"] is not None and row["representative"] != "f" * 32:
            chars = -1 if row["text_chars"] is None else row["text_chars"]
            rank = (
                0 if row["outer"] else rank_of(row, rules)
            )  # as pipeline/dedup/transforms.py ranks superseded captures
            key = (rank, chars, [-ord(letter) for letter in row["doc_id"]])
            if row["cluster"] not in chosen or key > chosen[row["cluster"]][0]:
                chosen[row["cluster"]] = (key, number)
    kept = {number for _, number in chosen.values()}
    return [
        row["outer"]
        or (row["cluster"] is not None and number not in kept and (enabled or row["kind"] == "same_record"))
        for number, row in enumerate(rows)
    ]


@pytest.fixture(scope="module")
def rows():
    # Of two copies of one record, a hash of the place decides: then which of the two is chosen is not told here.
    return documents()


@pytest.mark.parametrize("parts", [1, 3, 17])
@pytest.mark.parametrize("enabled", [True, False])
def test_equal_to_a_plain_loop(rows, tmp_path, parts, enabled):
    snapshot, names = stored(rows, tmp_path, parts)
    spec = DuplicatesSpec(prefer=("longest",), enabled=enabled)
    variants = [(RULES, spec), (CHANGED, spec)]
    found = effects(snapshot, names, variants, known=frozenset({"few"}), details=True)
    for effect, (rules, _) in zip(found, variants, strict=True):
        away = gone(rows, rules, enabled)
        moves, fails, only, overlap = Counter(), Counter(), Counter(), Counter()
        for row, lost in zip(rows, away, strict=True):
            failed = broken(row, rules)
            drops = [rule for rule in failed if rule.verdict == "drop"]
            moves[row["old"], "drop" if lost else VERDICTS[rank_of(row, rules)]] += 1
            for rule in failed:
                fails[rule.reason] += 1
                others = drops if rule.verdict == "drop" else failed
                only[rule.reason] += not lost and others == [rule]
                overlap.update((rule.reason, other.reason) for other in failed)
        assert {
            (old, new): int(effect.moved[VERDICTS.index(old), VERDICTS.index(new)])
            for old, new in moves
        } == dict(moves)  # fmt: skip
        assert effect.moved.sum() == len(rows)
        for index, rule in enumerate(rules):
            assert (effect.fails[index], effect.only[index]) == (fails[rule.reason], only[rule.reason]), rule.reason
            assert effect.overlap[index].tolist() == [overlap[rule.reason, other.reason] for other in rules]


def test_samples_are_the_nearest_on_both_sides(rows, tmp_path):
    one, many = stored(rows, tmp_path / "1", 1), stored(rows, tmp_path / "9", 9)
    (first,) = effects(*one, [(RULES, SPEC)], known=frozenset({"few"}), details=True)
    (second,) = effects(*many, [(RULES, SPEC)], known=frozenset({"few"}), details=True)
    for index, rule in enumerate(RULES):
        bounds = [bound for bound in (rule.low, rule.high) if bound is not None]
        tags = lambda row: {row["language"], f"{row['language']}-{row['script']}"}  # noqa: E731
        spoken = [row for row in rows if not rule.languages or tags(row) & set(rule.languages)]
        for failing, side in zip((True, False), first.cut[index], strict=True):
            mine = [row for row in spoken if row[rule.signal] is not None and (rule in broken(row, RULES)) == failing]
            distances = sorted(min(abs(row[rule.signal] - bound) for bound in bounds) for row in mine)
            assert [near.distance for near in side] == pytest.approx(distances[:SIDE_SAMPLES])
            assert all((rule.reason in near.reasons) == failing for near in side)
        assert [[near.doc_id for near in side] for side in first.cut[index]] == [
            [near.doc_id for near in side] for side in second.cut[index]
        ]
    assert {key: [near.doc_id for near in found] for key, found in first.changed.items()} == {
        key: [near.doc_id for near in found] for key, found in second.changed.items()
    }
    assert len(first.changed) > 3


def test_no_parts_and_empty_parts(tmp_path):
    snapshot, names = stored([], tmp_path, 1)
    for parts in ([], names):
        (effect,) = effects(snapshot, parts, [(RULES, SPEC)], known=frozenset(), details=True)
        assert effect.moved.sum() == 0


def test_a_missing_signal_is_an_error(rows, tmp_path):
    snapshot, names = stored(rows, tmp_path, 1)
    with pytest.raises((KeyError, pa.ArrowInvalid)):
        effects(
            snapshot, names, [((Rule(reason="x", signal="nothing", low=1),), SPEC)], known=frozenset(), details=False
        )


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        ("1,2,5", ("1", "2", "5")),
        (".1, .25", (".1", ".25")),
        ("0.1:0.3:0.1", ("0.1", "0.2", "0.3")),  # in decimal numbers: .30000000000000004 is not meant
        ("3:1:-1", ("3", "2", "1")),
        ("1:1:1", ("1",)),
    ],
)
def test_several_values(raw, values):
    sweep = _sweep([f"a.b={raw}", "c.d=7"])
    assert sweep.swept == {"a.b": values}
    assert sweep.fixed == ("c.d=7",)


@pytest.mark.parametrize("raw", ["1", "0.5", "[1, 2]", '["zh", "en"]', "zh,en", "a:b:c", "1:2", "", "true"])
def test_one_value(raw):
    assert _sweep([f"a.b={raw}"]).swept == {}


@pytest.mark.parametrize("raw", ["1:2:0", "1:2:-1", "0:1000:1", "0:1e9:1e-9"])
def test_ranges_that_lead_nowhere(raw):
    with pytest.raises(UsageError):
        _sweep([f"a.b={raw}"])


def test_too_many_combinations():
    with pytest.raises(UsageError, match="121 combinations"):
        _sweep(["a=0:10:1", "b=0:10:1"])


def test_text_of_samples_cannot_command_the_terminal(tmp_path, capsys):
    from rich.console import Console

    rows = documents(60)
    snapshot, names = stored(rows, tmp_path, 1)
    hostile = "\x1b[2J\x9b31m[red]x[/red]\u202e\x07 \0\r" + "长" * 1000
    table = snapshot.read("documents", names[0])
    for column in ("text", "url"):
        at = table.schema.get_field_index(column)
        table = table.set_column(at, column, pa.array([hostile] * table.num_rows))
    snapshot.commit(stage="decide", part=names[0], fingerprint="", tables={"documents": table}, counts={})
    near = Near(distance=0.0, doc_id="d", part=names[0], row=1, value=0.0, reasons=("few",))
    texts = _Texts(snapshot, frozenset({"unsafe"}))  # every document's stored reason is "few", or "newer_capture"
    texts.load([near])
    texts.show(Console(width=500), near, "fails 1")
    shown = capsys.readouterr().out
    assert not set(shown) & {*map(chr, range(10)), *map(chr, range(11, 32)), "\x9b", "\u202e"}
    assert "␛[2J" in shown
    assert "[red]x[/red]" in shown
    assert len(shown) < 600
    unsafe = Near(distance=0.0, doc_id="d", part=names[0], row=1, value=0.0, reasons=("unsafe",))
    texts.show(Console(width=500), unsafe, "")
    assert "text withheld" in capsys.readouterr().out
    kept_now = Near(distance=0.0, doc_id="d", part=names[0], row=1, value=0.0, reasons=())
    once_unsafe = _Texts(snapshot, frozenset({"few", "newer_capture"}))
    once_unsafe.load([kept_now])
    once_unsafe.show(Console(width=500), kept_now, "")
    assert "text withheld" in capsys.readouterr().out
