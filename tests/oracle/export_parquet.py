"""What DuckDB finds in an export as Parquet: the type of each column, what each account comes to, what October is billed.

usage: export_parquet.py FILE
"""

import sys

import duckdb

table = duckdb.read_parquet(sys.argv[1])
for name, kind in zip(table.columns, table.types):
    print(f"column\t{name}\t{kind}")
# What moves: the share of an allocation, what a commitment is owed, else what is billed.
legs = duckdb.sql(
    """
    with line as (
      select *, coalesce(x_AllocatedCost,
        case when x_CreditAccount like 'commitment/%' then EffectiveCost else BilledCost end) as amount
      from "table"
    ), leg as (
      select x_DebitAccount as account, amount, ChargePeriodStart, ChargePeriodEnd, x_ReversesEntry, x_ReplacesEntry from line
      union all
      select x_CreditAccount, -amount, ChargePeriodStart, ChargePeriodEnd, null, null from line
    )
    select account, count(*), sum(amount), min(epoch_ms(ChargePeriodStart)), max(epoch_ms(ChargePeriodEnd)),
      count(x_ReversesEntry), count(x_ReplacesEntry)
    from leg group by account order by account
    """
)
for account, lines, amount, *rest in legs.fetchall():
    print("sum", account, lines, f"{amount:f}", *rest, sep="\t")
october = table.filter("epoch_ms(ChargePeriodStart) >= 1790812800000").aggregate("sum(BilledCost)")
print("billed", f"{october.fetchall()[0][0]:f}", sep="\t")
