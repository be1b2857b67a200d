"""What DuckDB finds in an export as Parquet: the type of each column, then what each cost centre owes.

usage: export_parquet.py FILE
"""

import sys

import duckdb

table = duckdb.read_parquet(sys.argv[1])
for name, kind in zip(table.columns, table.types):
    print(f"column\t{name}\t{kind}")
sums = table.aggregate(
    "x_DebitAccount, count(*), sum(ContractedCost), min(epoch_ms(ChargePeriodStart)), max(epoch_ms(ChargePeriodEnd)),"
    " count(x_ReversesEntry), count(x_ReplacesEntry)"
).order("x_DebitAccount")
for line in sums.fetchall():
    print("sum", *line, sep="\t")
