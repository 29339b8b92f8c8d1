"""A run, resolved: its splits, what each stage depends on, and the task of each part. Frozen, and sent to every worker."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from filters.assets import verify_all
from pipeline import storage
from pipeline.dedup.against import Earlier, gone_parts, open_earlier, part_names
from pipeline.dedup.tasks import PAIRS_STAGE, AnswerTask, BandsTask, CandidatesTask, VerifyTask, pairs_part
from pipeline.fingerprints import Fingerprints, asset_names, stage_fingerprints
from pipeline.read import STAGE as READ_STAGE
from pipeline.read import ReadTask
from pipeline.recipe import Recipe
from pipeline.repeats_tasks import CountTask, RepeatsTask
from pipeline.snapshot import Snapshot
from pipeline.splits import Split
from pipeline.spool import spool_path
from pipeline.stages import DecideTask, ShardTask, TokenizeTask
from pipeline.survey import SurveyTask
from schemas.rules import Rule

_PARTITION_BYTES = 256 << 20  # input for each partition of keys: some 10,000 pages, 4 MB of bands, 40 MB of shingles
_MIN_PARTITIONS, _MAX_PARTITIONS = 4, 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything that the graph needs. `read_ready`, `pairs_ready`: every split, every partition of
    verified pairs is already committed.
    """

    recipe: Recipe
    rules: tuple[Rule, ...]
    splits: tuple[Split, ...]
    snapshot: Snapshot
    workers: int
    partitions: int
    fingerprints: Fingerprints
    assets: dict[str, str]
    pairs_ready: bool
    read_ready: bool
    earlier: tuple[Earlier, ...] = ()

    @property
    def shard_tokens(self) -> int:
        """Target size of a shard."""
        return self.recipe.tokenize.shard_tokens

    @property
    def numbers(self) -> int:
        """Splits of this run and parts of earlier snapshots: numbered in this order."""
        return len(self.splits) + sum(earlier.parts for earlier in self.earlier)

    def place_of(self, number: int) -> tuple[Snapshot, str]:
        """The snapshot and part that a number stands for."""
        if number < len(self.splits):
            return self.snapshot, self.splits[number].name
        number -= len(self.splits)
        for earlier in self.earlier:
            if number < earlier.parts:
                return earlier.snapshot, part_names(earlier)[number]
            number -= earlier.parts
        raise IndexError(number)

    def owner(self, number: int) -> int:
        """Whose part a number is: 0 this run's, k that of the k-th of `against`."""
        ends = accumulate((earlier.parts for earlier in self.earlier), initial=len(self.splits))
        return sum(number >= end for end in ends)

    def names(self) -> tuple[str, ...]:
        """The names of all parts by number, as pairs/ has them: `SNAPSHOT#part` for those of earlier snapshots."""
        others = (f"{earlier.uri}#{name}" for earlier in self.earlier for name in part_names(earlier))
        return (*(split.name for split in self.splits), *others)

    def gone(self) -> list[int]:
        """Numbers of the parts of earlier snapshots whose documents/ are gone."""
        starts = accumulate((before.parts for before in self.earlier), initial=len(self.splits))
        return [
            start + number for start, before in zip(starts, self.earlier, strict=False) for number in gone_parts(before)
        ]

    def survey_task(self, split: int) -> SurveyTask:
        """Payloads of one split."""
        return SurveyTask(
            split=self.splits[split],
            number=split,
            source=self.recipe.source,
            chain=self.recipe.chain(),
            limits=self.recipe.limits,
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.read,
            partitions=self.partitions,
        )

    def read_task(self, surveyed: tuple[int, Iterable[bytes]]) -> ReadTask:
        """Read one split, but for the records that carry what another capture carries, packed COPY."""
        chosen = self.splits[surveyed[0]]
        # The spool of a run that was killed must never serve another file of the same name, nor another snapshot.
        identity = (os.path.abspath(self.snapshot.uri), self.fingerprints.read, chosen, _changed(chosen.uri))  # noqa: PTH100
        return ReadTask(
            split=chosen,
            source=self.recipe.source,
            chain=self.recipe.chain(),
            limits=self.recipe.limits,
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.read,
            spool=spool_path(*identity),
            copies=b"".join(sorted(surveyed[1])),
        )

    def bands_task(self, number: int) -> BandsTask:
        """Bands of one part, of this run or of an earlier snapshot."""
        source, part = self.place_of(number)
        return BandsTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.pairs,
            source=source,
            number=number,
            part=part,
            partitions=self.partitions,
        )

    def candidates_task(self, met: tuple[int, Iterable[bytes]]) -> CandidatesTask:
        """Candidate pairs of one partition of bands."""
        return CandidatesTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.pairs,
            ranges=b"".join(sorted(met[1])),
            own=len(self.splits),
            partitions=self.partitions,
            max_bucket=self.recipe.duplicates.max_bucket,
        )

    def answer_task(self, asked: tuple[int, bytes]) -> AnswerTask:
        """Shingle sets that partitions ask of one split, or the sketches of one (see `against.by_sketch`)."""
        source, part = self.place_of(asked[0] % self.numbers)
        return AnswerTask(
            snapshot=self.snapshot,
            source=source,
            sketches=asked[0] >= self.numbers,
            fingerprint=self.fingerprints.pairs,
            number=asked[0],
            part=part,
            asked=asked[1],
            spec=self.recipe.fingerprint,
        )

    def verify_task(self, met: tuple[int, dict[str, Iterable[bytes]]]) -> VerifyTask:
        """True similarity of one partition's pairs."""
        return VerifyTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.pairs,
            target=met[0],
            pairs=b"".join(met[1]["pairs"]),
            ranges=b"".join(sorted(met[1]["sets"])),
            hot=b"".join(met[1]["hot"]),
            parts=self.names(),
            floor=self.recipe.duplicates.floor,
            containment=self.recipe.duplicates.containment,
        )

    def decide_task(self, chosen: tuple[int, tuple[bytes, bytes]]) -> DecideTask:
        """Verdicts of one split."""
        return DecideTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.decide,
            part=self.splits[chosen[0]].name,
            rules=self.rules,
            choices=chosen[1][0],
            superseded=chosen[1][1],
            spec=self.recipe.duplicates,
            domains=self.recipe.domains,
            report_seed=self.recipe.report.seed,
            unsafe=unsafe_reasons(self.recipe),
        )

    def count_task(self, split: int) -> CountTask:
        """Lines of one split's kept documents."""
        return CountTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.tokens,
            number=split,
            part=self.splits[split].name,
            partitions=self.partitions,
        )

    def repeats_task(self, told: tuple[int, Iterable[bytes]]) -> RepeatsTask:
        """Repeated lines of one split."""
        return RepeatsTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.tokens,
            part=self.splits[told[0]].name,
            told=b"".join(told[1]),
            spec=self.recipe.repeats,
        )

    def tokenize_task(self, split: int) -> TokenizeTask:
        """Tokens of one split."""
        return TokenizeTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.tokens,
            part=self.splits[split].name,
            spec=self.recipe.tokenize,
            repeats=self.recipe.repeats.enabled,
            domains=self.recipe.domains,
            duplicates=self.recipe.duplicates,
        )

    def shard_task(self, shard: tuple[int, int]) -> ShardTask:
        """One shard of the dataset."""
        return ShardTask(
            snapshot=self.snapshot,
            fingerprint=self.fingerprints.tokens,
            shard=shard[0],
            shards=shard[1],
            spec=self.recipe.tokenize,
            parts=tuple(split.name for split in self.splits),
        )


def make_plan(recipe: Recipe, splits: tuple[Split, ...], snapshot: Snapshot, workers: int) -> RunPlan:
    """Resolve a run. Verifies every asset that the recipe names.

    Raises:
        AssetError, StorageError, InputError: one sentence.

    """
    earlier = open_earlier(recipe.duplicates.against, snapshot.uri, recipe.fingerprint)
    assets = dict(verify_all(asset_names(recipe)))
    prints = stage_fingerprints(recipe, splits, assets, earlier)
    total = sum(split.end - split.start for split in splits) + sum(before.input_bytes for before in earlier)
    partitions = min(_MAX_PARTITIONS, max(_MIN_PARTITIONS, -(-total // _PARTITION_BYTES)))
    return RunPlan(
        recipe=recipe,
        rules=recipe.every_rule(),
        splits=splits,
        snapshot=snapshot,
        workers=workers,
        partitions=partitions,
        fingerprints=prints,
        assets=assets,
        read_ready=all(snapshot.committed(READ_STAGE, split.name, prints.read) for split in splits),
        pairs_ready=all(
            snapshot.committed(PAIRS_STAGE, pairs_part(target), prints.pairs) for target in range(partitions)
        ),
        earlier=earlier,
    )


def unsafe_reasons(recipe: Recipe) -> frozenset[str]:
    """Reasons whose documents' text is withheld from the report: those of the safety and privacy tables."""
    return frozenset(rule.reason for spec in (recipe.safety, recipe.privacy) for rule in spec.rules())


def _changed(uri: str) -> str:
    """Place and time of change of a local input; an object's URI says enough."""
    path = storage.local_path(uri)
    return uri if path is None or not path.exists() else f"{path.resolve()}:{path.stat().st_mtime_ns}"
