"""Main text by learned blocks: walk -> features -> model -> layout.

A *block* is a run of text under one block-level element, in page order. `walk` cuts the page into blocks, `features` and
`context` describe each by numbers, `model` says which belong to the main text, `layout` writes those as text or Markdown.
"""
