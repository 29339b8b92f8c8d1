"""The work of the stages behind the read stage, one task a part; each reads committed files and commits its own.

Tasks run in the pool's children (pipeline/pool.py). They hold only names and small keys, so that a task costs nothing
to send and can be started again anywhere.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.chain import ChainSpec
from pipeline import storage
from pipeline.decide import KEEP, RANKS, Membership, decisions, failures
from pipeline.dedup.arrays import ESTIMATED, KINDS, gather, row_of
from pipeline.dedup.clusters import CHOICE, DuplicatesSpec
from pipeline.dedup.urls import SUPERSEDED
from pipeline.domains import DomainsSpec
from pipeline.part_task import PARTS_FAMILY, PartTask, WholeTask
from pipeline.pool import Announce
from pipeline.read import READ_FAMILY, opened_chain
from pipeline.repeats import without
from pipeline.repeats_tasks import REPEATS_STAGE
from pipeline.report.profile import profile_split, to_json
from pipeline.row_groups import merge_shard, write_rows
from pipeline.shards import shard_name, tokenize_split
from pipeline.snapshot import Blob, Commit
from pipeline.tokens import Tokenizer, TokenizeSpec
from schemas.rules import Rule
from schemas.tables import dataset_schema

DECIDE_STAGE, TOKENS_STAGE, DATASET_STAGE = "decide", "tokens", "dataset"
PROFILES = "profiles"  # folder of the parts' statistics, from which the report is made


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmTask(WholeTask):
    """Imports and models for what comes, the models of the read stage where a `chain` is given; changes nothing else."""

    fingerprint: str
    chain: ChainSpec | None

    @property
    def family(self) -> str:
        return PARTS_FAMILY if self.chain is None else READ_FAMILY

    def run(self, announce: Announce) -> None:
        """Load."""
        announce(0, 0.0)
        if self.chain is not None:
            opened_chain(self.fingerprint, self.chain)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideTask(PartTask):
    """Verdicts of one split; commits decisions/, duplicates/ and the split's part of the report."""

    part: str
    rules: tuple[Rule, ...]
    choices: bytes
    superseded: bytes
    spec: DuplicatesSpec
    domains: DomainsSpec
    report_seed: int
    unsafe: frozenset[str]

    def run(self, announce: Announce) -> Commit:
        """Decide and commit."""
        announce(0, 0.0)
        if done := self.snapshot.committed(DECIDE_STAGE, self.part, self.fingerprint):
            return done
        documents = self.snapshot.read("documents", self.part)
        signals = self.snapshot.read("signals", self.part)
        failed = failures(documents, signals, self.rules)
        members = dict(_memberships(gather([self.choices], CHOICE), self.spec.against))
        newer = gather([self.superseded], SUPERSEDED)
        superseded = dict(zip(row_of(newer["place"]).tolist(), np.char.decode(newer["by"]).tolist(), strict=True))
        decided, duplicates = decisions(
            documents["doc_id"].to_pylist(), failed, members, superseded, drop_duplicates=self.spec.enabled
        )
        copies = copies_of(decided, duplicates, self.spec)
        domain_of = self.domains.open()
        places = zip(documents["source"].to_pylist(), documents["url"].to_pylist(), strict=True)
        profile = profile_split(
            documents,
            signals,
            self.snapshot.read("ledger", self.part),
            decided,
            duplicates,
            self.rules,
            self.report_seed,
            unsafe=self.unsafe,
            domains=[domain_of(source, url) for source, url in places],
        )
        verdicts = decided["verdict"].to_pylist()
        return self.snapshot.commit(
            stage=DECIDE_STAGE,
            part=self.part,
            fingerprint=self.fingerprint,
            tables={
                "decisions": decided,
                "duplicates": duplicates,
                PROFILES: Blob(name=f"{self.part}.json", data=to_json(profile), rows=0, content=""),
            },
            counts={verdict: verdicts.count(verdict) for verdict in RANKS} | {"repeated": int((copies - 1).sum())},
        )


def copies_of(decided: pa.Table, duplicates: pa.Table, spec: DuplicatesSpec) -> NDArray[np.int64]:
    """How often each kept document occurs in the dataset, in the order of the decisions; shape (kept,)."""
    own = duplicates.filter(
        pc.and_(
            pc.equal(duplicates["doc_id"], duplicates["representative"]),
            pc.is_null(duplicates["representative_snapshot"]),
        )
    )
    sizes = dict(zip(own["doc_id"].to_pylist(), own["cluster_size"].to_pylist(), strict=True))
    kept = decided.filter(pc.equal(decided["verdict"], KEEP))["doc_id"].to_pylist()
    return np.array([spec.copies(sizes.get(doc_id, 1)) for doc_id in kept], np.int64)


def _memberships(choices: Any, against: tuple[str, ...]) -> list[tuple[int, Membership]]:
    return [
        (
            int(row),
            Membership(
                cluster_id=choice["cluster_id"].decode(),
                representative=choice["representative"].decode(),
                snapshot=against[choice["snapshot"] - 1] if choice["snapshot"] else None,
                chosen=bool(choice["chosen"]),
                size=int(choice["size"]),
                # float32 of .8 is .800000011920929: rounded, the table shows what was measured
                similarity=round(float(choice["similarity"]), 6),
                kind=ESTIMATED if choice["gone"] and not choice["exact"] else KINDS[int(choice["exact"])],
            ),
        )
        for row, choice in zip(row_of(choices["place"]), choices, strict=True)
    ]


def forget_tokenizer() -> None:
    """Let its memory go."""
    _tokenizer.cache_clear()


@lru_cache(maxsize=1)
def _tokenizer(spec: TokenizeSpec) -> Tokenizer:
    """Loaded once a child: it takes .15 s."""
    return spec.open()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizeTask(PartTask):
    """Tokens of one split's kept documents, in the global order; commits tokens/, which lives until the shards do."""

    part: str
    spec: TokenizeSpec
    domains: DomainsSpec
    repeats: bool
    duplicates: DuplicatesSpec

    def run(self, announce: Announce) -> Commit:
        """Tokenise and commit."""
        announce(0, 0.0)
        if done := self.snapshot.committed(TOKENS_STAGE, self.part, self.fingerprint):
            return done
        documents = self.snapshot.read("documents", self.part, ["doc_id", "url", "text", "language", "source"])
        decided = self.snapshot.read("decisions", self.part, ["doc_id", "verdict"])
        kept = documents.filter(pc.equal(decided["verdict"], KEEP))
        if self.repeats:
            spans = self.snapshot.read(REPEATS_STAGE, self.part, ["spans"])["spans"].to_pylist()
            texts = list(map(without, kept["text"].to_pylist(), spans))
            kept = kept.set_column(kept.column_names.index("text"), "text", pa.array(texts, pa.string()))
        copies = copies_of(decided, self.snapshot.read("duplicates", self.part), self.duplicates)
        domain_of = self.domains.open()
        sources, urls = kept["source"].to_pylist(), kept["url"].to_pylist()
        named = [domain_of(source, url) for source, url in zip(sources, urls, strict=True)]
        rows = tokenize_split(
            kept.append_column("domain", pa.array(named, pa.string())),
            _tokenizer(self.spec),
            seed=self.spec.seed,
            copies=copies,
        )
        blob = Blob(name=f"{self.part}.parquet", data=write_rows(rows), rows=rows.num_rows, content="")
        return self.snapshot.commit(
            stage=TOKENS_STAGE,
            part=self.part,
            fingerprint=self.fingerprint,
            tables={TOKENS_STAGE: blob},
            counts={"tokens": int(np.sum(rows["token_count"].to_numpy())), "documents": rows.num_rows},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTask(PartTask):
    """One shard of dataset/, merged from every split's tokens."""

    shard: int
    shards: int
    spec: TokenizeSpec
    parts: tuple[str, ...]

    def run(self, announce: Announce) -> Commit:
        """Merge and commit."""
        announce(0, 0.0)
        part = shard_name(self.shard, self.shards).removesuffix(".parquet")
        if done := self.snapshot.committed(DATASET_STAGE, part, self.fingerprint):
            return done
        schema = dataset_schema(_tokenizer(self.spec).vocabulary_size)
        sources = (
            BytesIO(storage.read_bytes(self.snapshot.path(TOKENS_STAGE, f"{part}.parquet"))) for part in self.parts
        )
        data, shard = merge_shard(sources, shard=self.shard, shards=self.shards, schema=schema)
        return self.snapshot.commit(
            stage=DATASET_STAGE,
            part=part,
            fingerprint=self.fingerprint,
            tables={DATASET_STAGE: Blob(name=shard.name, data=data, rows=shard.documents, content=shard.content_hash)},
            counts={"shard": asdict(shard)},
        )
