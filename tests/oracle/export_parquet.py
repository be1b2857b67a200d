"""What DuckDB finds in an export as Parquet: the type of each column, then what each cost centre owes.

usage: export_parquet.py FILE
"""

import sys

import duckdb

table = duckdb.read_parquet(sys.argv[1])
for name, kind in zip(table.columns, table.types):
    print(f"column\t{name}\t{kind}")
sums = table.aggregate(
    # What a commitment is owed is what was used of it; else what is billed moves.
    "x_DebitAccount, sum(CASE WHEN starts_with(x_CreditAccount, 'commitment/') THEN EffectiveCost ELSE BilledCost END),"
    " sum(EffectiveCost), min(epoch_ms(ChargePeriodStart)), max(epoch_ms(ChargePeriodEnd)),"
    " count(x_ReversesEntry), count(x_ReplacesEntry)"
).order("x_DebitAccount")
for account, moved, effective, *numbers in sums.fetchall():
    print("sum", account, f"{moved:f}", f"{effective:f}", *numbers, sep="\t")
