"""Golden cases of the pure core.

`README.md` says what they hold; `python -m tests.golden DIR` runs any folder of that format.
"""
