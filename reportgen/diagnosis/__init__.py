"""Page one: the outcome in a sentence, the honest score as far as it is measured, the causes.

Everything here is put together from finished sections and restated numbers; nothing is measured.
Sections bring what page one needs by three conventions, see :mod:`reportgen.scores.page_one`.
"""
