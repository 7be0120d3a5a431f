"""Speed and size, as one table: `make bench`, or `python -m bench NAME ...`. Never run by the tests.

Figures are of one run on one machine; compare them with each other, not with another machine's.
"""
