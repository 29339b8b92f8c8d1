"""datatrove 0.10.1's four stages of MinHash deduplication on generated documents, in its own environment.

    build/datatrove-venv/bin/python benchmarks/peers/datatrove_dedup.py CORPUS OUTPUT WORKERS
    build/datatrove-venv/bin/python benchmarks/peers/datatrove_dedup.py speed CORPUS DOCUMENTS

FineWeb's parameters (14 bands of 8, words in fives); words by spaCy's blank tokenizers, with jieba for Chinese, each
document by the characters that it has. Worker processes are forked, so that imports are paid once; nothing is
compressed. It does not verify pairs. Prints one JSON object, the last line: seconds of each stage, and documents kept.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove_run import BUCKETS, LANGUAGES, WordsByScript


def main() -> None:
    """Run the stages one after the other, or time the signatures alone."""
    if sys.argv[1] == "speed":
        print(json.dumps({language: speed(Path(sys.argv[2]), language, int(sys.argv[3])) for language in ("zh", "en")}))
        return
    corpus, output, workers = sys.argv[1:]
    count, folder = int(workers), Path(output)
    config = MinhashConfig(num_buckets=BUCKETS)
    signature = MinhashDedupSignature(str(folder / "signatures"), config=config, language=LANGUAGES["en"])
    signature.word_tokenizer = WordsByScript()
    seconds: dict[str, float] = {}

    def execute(name: str, steps: list[PipelineStep], tasks: int) -> None:
        start = time.monotonic()
        LocalPipelineExecutor(
            steps,
            tasks=tasks,
            workers=min(count, tasks),
            logging_dir=str(folder / "logs" / name),
            start_method="fork",
        ).run()
        seconds[name] = time.monotonic() - start

    execute("signatures", [JsonlReader(corpus, glob_pattern="*.jsonl"), signature], count)
    buckets = MinhashDedupBuckets(str(folder / "signatures"), str(folder / "buckets"), config=config)
    execute("buckets", [buckets], BUCKETS)
    cluster = MinhashDedupCluster(str(folder / "buckets"), str(folder / "remove"), config=config)
    execute("cluster", [cluster], 1)
    kept = JsonlWriter(str(folder / "kept"), compression=None)
    execute(
        "filter", [JsonlReader(corpus, glob_pattern="*.jsonl"), MinhashDedupFilter(str(folder / "remove")), kept], count
    )
    documents = sum(file.read_bytes().count(b"\n") for file in (folder / "kept").glob("*.jsonl"))
    print(json.dumps({"steps": seconds, "kept": documents}))


def speed(corpus: Path, language: str, count: int) -> float:
    """Documents a second of CPU time, from text to signature, on the first documents of one language."""
    with (corpus / "part-00000.jsonl").open("rb") as lines:
        documents = [row["text"] for row in map(json.loads, lines) if row["language"] == language][:count]
    signature = MinhashDedupSignature("unused", config=MinhashConfig(num_buckets=BUCKETS), language=LANGUAGES["en"])
    signature.word_tokenizer = WordsByScript()
    signature.get_signature(signature.get_shingles(documents[0]))  # loads jieba's dictionary
    before = time.process_time()
    for text in documents:
        signature.get_signature(signature.get_shingles(text))
    return len(documents) / (time.process_time() - before)


if __name__ == "__main__":
    main()
