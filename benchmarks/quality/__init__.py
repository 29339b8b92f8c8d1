"""The quality gate: what the product does to ../shared/data, in one table, against pinned figures.

`python -m benchmarks.quality` runs the pipeline itself over the data sets and scores its tables:

    pages.py      recipes/annotate.toml over web pages: extraction, decoding, duplicates
    decoding.py   the decoder alone: cut, mislabelled and damaged pages, every codec of every language, mojibake
    texts.py      the default recipe over rows of text and hostile files: clean text kept, garbage, toxicity
    hostile.py    pages made to cost time, through the whole chain
    corpora.py    the rows of text: clean, garbage made from it, labelled comments, planted test questions
    near.py       recipes/annotate.toml over copies of every degree: near duplicates against brute force
    near_rows.py  originals, copies and templates, made anew each time
    languages.py  languages of labelled rows; what the language pre-screen loses and spares
    functions.py  single filters on labelled rows: URL lists, perplexity, leaks
    pins.py       benchmarks/quality.toml: floors, ceilings and peers, and how they are raised

The metric of each set is that of data/README.md. Models were trained on part of the data: what they decide is
measured on fold 0 of pipeline/train/texts.py, which no model has seen. It changes nothing in the repository, but for
`--update`.
"""
