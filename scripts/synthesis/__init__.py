"""Training and test pictures made from nothing: pens, fonts, photos and things that are no digit.

The modules read in this order: `templates` (how people write), `strokes` (a hand writing one
of them), `pens` and `ink` (strokes to pixels), `fonts`, `nondigits`, `restroke` and
`corruptions` (other sources), `canvas` and `photos` (onto a page), `dataset` (all of it, through
the service's own preprocessing) and `standins` (test sets made by code of their own).
"""
