//! Entries as Parquet: the columns of CSV, typed.
//!
//! ```text
//! numbers of entries   INT64
//! instants             TIMESTAMP(MILLIS, UTC)
//! costs, quantities    DECIMAL(38, 9), which is what the ledger holds
//! unit prices          DECIMAL(38, 20)
//! texts                UTF8, null where CSV has nothing
//! ```
//!
//! Rows are held until they are a row group; the same entries are the same bytes.

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use rust_decimal::Decimal;
use std::io::Write;
use std::sync::Arc;

use super::cells::{COLUMNS, COUNT, Cell, Kind, allocation_cells, cells};
use super::{Numbered, NumberedAllocation, Opening};

/// Rows of a row group: some 50 MB while they are held.
const GROUP: usize = 50_000;
/// Decimal places of a unit price. A decimal has 28 digits, so 18 before the point always fit.
const PRICE_PLACES: u32 = 20;
/// The first number that has more than 38 digits.
const TOO_LARGE: u128 = 10_u128.pow(38);

/// Why entries cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A unit price that the column cannot hold exactly.
    #[error(
        "entry {entry}: `{column}` is {price}, and a column DECIMAL(38, 20) does not hold it exactly; CSV holds it"
    )]
    Unfit {
        /// The entry's number.
        entry: u64,
        /// The column.
        column: &'static str,
        /// The price.
        price: Decimal,
    },
    /// The file takes no more, or the format refuses.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// A table that is being written.
pub struct Table<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    rows: usize,
}

impl<W: Write + Send> Table<W> {
    /// An empty table. What the ledger is stands in the file's own metadata: `tollgate.head`, `tollgate.entries`.
    ///
    /// # Errors
    /// [`TableError`] when `out` takes nothing.
    pub fn begin(out: W, opening: &Opening) -> Result<Table<W>, TableError> {
        let fields: String = COLUMNS.iter().map(|(name, kind)| field(name, *kind)).collect();
        let schema = parse_message_type(&format!("message entries {{ {fields} }}"))?;
        let said = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let metadata = vec![
            said("tollgate.head", opening.head.to_string()),
            said("tollgate.entries", opening.entries.to_string()),
            said("tollgate.part", opening.part.clone().unwrap_or_default()),
        ];
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("tollgate".to_owned())
            .set_key_value_metadata(Some(metadata))
            .build();
        Ok(Table {
            file: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?,
            columns: COLUMNS.iter().map(|(_, kind)| Column::of(*kind)).collect(),
            rows: 0,
        })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`TableError`] for a price that does not fit, or when the file takes no more.
    pub fn entry(&mut self, told: Numbered<'_>) -> Result<(), TableError> {
        self.row(told.number, cells(told))
    }

    /// Adds the shares of an allocation.
    ///
    /// # Errors
    /// [`TableError`] when the file takes no more.
    pub fn allocation(&mut self, told: &NumberedAllocation<'_>) -> Result<(), TableError> {
        let mut shares = allocation_cells(told).into_iter();
        shares.try_for_each(|cells| self.row(told.number, cells))
    }

    fn row(&mut self, number: u64, cells: [Cell<'_>; COUNT]) -> Result<(), TableError> {
        let columns = self.columns.iter_mut().zip(COLUMNS);
        for ((column, (name, _)), cell) in columns.zip(cells) {
            column.push(cell).map_err(|price| TableError::Unfit {
                entry: number,
                column: name,
                price,
            })?;
        }
        self.rows = self.rows.saturating_add(1);
        match self.rows >= GROUP {
            true => self.write_group(),
            false => Ok(()),
        }
    }

    /// Writes what waits, and the footer.
    ///
    /// # Errors
    /// [`TableError`] when the file takes no more.
    pub fn finish(mut self) -> Result<(), TableError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.file.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), TableError> {
        self.rows = 0;
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            if let Some(writer) = group.next_column()? {
                column.write(writer)?;
            }
        }
        group.close()?;
        Ok(())
    }
}

fn field(name: &str, kind: Kind) -> String {
    let (repetition, physical, logical) = match kind {
        Kind::Number => ("OPTIONAL", "INT64", ""),
        Kind::Time => ("REQUIRED", "INT64", "(TIMESTAMP(MILLIS,true))"),
        Kind::Nano => ("OPTIONAL", "FIXED_LEN_BYTE_ARRAY (16)", "(DECIMAL(38,9))"),
        Kind::Price => ("OPTIONAL", "FIXED_LEN_BYTE_ARRAY (16)", "(DECIMAL(38,20))"),
        Kind::Flag => ("OPTIONAL", "BOOLEAN", ""),
        Kind::Text => ("OPTIONAL", "BYTE_ARRAY", "(UTF8)"),
    };
    format!("{repetition} {physical} {name} {logical};\n")
}

/// The values of a column in the row group that waits. `levels` say which rows have one, where not all do.
#[derive(Debug)]
struct Column {
    values: Values,
    levels: Option<Vec<i16>>,
}

#[derive(Debug)]
enum Values {
    Numbers(Vec<i64>),
    Decimals(Vec<FixedLenByteArray>),
    Flags(Vec<bool>),
    Texts(Vec<ByteArray>),
}

impl Column {
    fn of(kind: Kind) -> Column {
        let values = match kind {
            Kind::Number | Kind::Time => Values::Numbers(Vec::new()),
            Kind::Nano | Kind::Price => Values::Decimals(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
            Kind::Text => Values::Texts(Vec::new()),
        };
        Column {
            values,
            levels: (kind != Kind::Time).then(Vec::new),
        }
    }

    /// # Errors
    /// A price that does not fit.
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Decimal> {
        let is_there = match (&mut self.values, cell) {
            (_, Cell::None) => false,
            (Values::Numbers(all), Cell::Number(number)) => {
                push(all, number.and_then(|n| i64::try_from(n).ok()))
            }
            (Values::Numbers(all), Cell::Time(at)) => push(all, Some(at.timestamp_millis())),
            (Values::Decimals(all), Cell::Amount(nano)) => push(all, nano.map(|nano| fixed(nano.into()))),
            (Values::Decimals(all), Cell::Quantity(nano)) => push(all, Some(fixed(nano.into()))),
            (Values::Decimals(all), Cell::Price(price)) => {
                let scaled = scaled(price.0).ok_or(price.0)?;
                push(all, Some(fixed(scaled)))
            }
            (Values::Flags(all), Cell::Flag(flag)) => push(all, Some(flag)),
            (Values::Texts(all), Cell::Text(text)) => {
                let text = (!text.is_empty()).then(|| ByteArray::from(text.as_bytes().to_vec()));
                push(all, text)
            }
            // The kinds of `COLUMNS` are those of their cells, which a test holds.
            _ => false,
        };
        if let Some(levels) = &mut self.levels {
            levels.push(i16::from(is_there));
        }
        Ok(())
    }

    /// Writes the values and forgets them.
    fn write(&mut self, mut writer: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = self.levels.as_mut().map(std::mem::take);
        let levels = levels.as_deref();
        match (writer.untyped(), &mut self.values) {
            (ColumnWriter::Int64ColumnWriter(column), Values::Numbers(all)) => {
                column.write_batch(&std::mem::take(all), levels, None)?
            }
            (ColumnWriter::FixedLenByteArrayColumnWriter(column), Values::Decimals(all)) => {
                column.write_batch(&std::mem::take(all), levels, None)?
            }
            (ColumnWriter::BoolColumnWriter(column), Values::Flags(all)) => {
                column.write_batch(&std::mem::take(all), levels, None)?
            }
            (ColumnWriter::ByteArrayColumnWriter(column), Values::Texts(all)) => {
                column.write_batch(&std::mem::take(all), levels, None)?
            }
            _ => return Err(ParquetError::General("a column of another type".to_owned())),
        };
        writer.close()
    }
}

/// Whether there is a value.
fn push<T>(all: &mut Vec<T>, value: Option<T>) -> bool {
    let is_there = value.is_some();
    all.extend(value);
    is_there
}

/// Two's complement, big-endian.
fn fixed(unscaled: i128) -> FixedLenByteArray {
    ByteArray::from(Bytes::copy_from_slice(&unscaled.to_be_bytes())).into()
}

/// A price in 10^-20; none where it has more places, or more than 38 digits.
fn scaled(price: Decimal) -> Option<i128> {
    let price = price.normalize();
    let factor = 10_i128.checked_pow(PRICE_PLACES.checked_sub(price.scale())?)?;
    let scaled = price.mantissa().checked_mul(factor)?;
    (scaled.unsigned_abs() < TOO_LARGE).then_some(scaled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::chain::ChainHash;
    use crate::ledger::correction::Link;
    use crate::ledger::sample::{charges, dec, vm_hour};
    use crate::ledger::transaction::Entry;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    fn opening() -> Opening {
        Opening {
            ledger: "l.db".to_owned(),
            head: ChainHash::genesis(),
            entries: 3,
            part: None,
            currency: None,
            accounts: Vec::new(),
            first: None,
        }
    }

    fn written(entries: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut table = Table::begin(&mut bytes, &opening()).unwrap();
        let mut entry = Entry::of(&Arc::from("s"), charges(&vm_hour("i-1", 3)).remove(0));
        for number in 1..=u64::try_from(entries).unwrap() {
            entry.link = number.is_multiple_of(2).then_some(Link::Reverses(number - 1));
            let hash = ChainHash::genesis();
            let told = Numbered {
                number,
                entry: &entry,
                hash: &hash,
                source_row: None,
                late_in: None,
            };
            table.entry(told).unwrap();
        }
        table.finish().unwrap();
        bytes
    }

    /// Every row of CSV is a row of Parquet, cell by cell.
    #[test]
    fn rows_read_back_as_they_were_and_the_same_bytes_come_again() {
        let bytes = written(3);
        assert_eq!(bytes, written(3));
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let rows: Vec<String> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        assert_eq!(rows.len(), 3);
        for part in [
            "x_EntryNumber: 2",
            "ChargePeriodStart: 2026-10-01 03:00:00.000 +00:00",
            "ContractedCost: 0.229000000",
            "PricingQuantity: 1.000000000",
            "ContractedUnitPrice: 0.22900000000000000000",
            "x_PriceSynthetic: false",
            "x_DebitAccount: \"cost-centre/etl\"",
            "x_JobName: null",
            "ChargeClass: null",
            "x_ReversesEntry: 1",
            "x_ReplacesEntry: null",
        ] {
            assert!(rows[1].contains(part), "{part}: {}", rows[1]);
        }
        let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
        assert_eq!(
            said[0].value.as_deref(),
            Some(ChainHash::genesis().to_string().as_str())
        );
    }

    #[test]
    fn rows_are_written_in_groups_and_none_is_lost_between_them() {
        let reader = SerializedFileReader::new(Bytes::from(written(GROUP + 1))).unwrap();
        let groups: Vec<i64> = reader
            .metadata()
            .row_groups()
            .iter()
            .map(|g| g.num_rows())
            .collect();
        assert_eq!(groups, [i64::try_from(GROUP).unwrap(), 1]);
        assert_eq!(
            SerializedFileReader::new(Bytes::from(written(0)))
                .unwrap()
                .num_row_groups(),
            0
        );
    }

    #[test]
    fn prices_fit_exactly_or_are_refused() {
        assert_eq!(scaled(dec("0.30")), Some(30_000_000_000_000_000_000));
        assert_eq!(
            scaled(dec("-1.00000000000000000001")),
            Some(-100_000_000_000_000_000_001)
        );
        assert_eq!(scaled(dec("0.000000000000000000001")), None);
        assert_eq!(
            scaled(dec("999999999999999999")),
            Some(999_999_999_999_999_999 * 10_i128.pow(20))
        );
        assert_eq!(scaled(dec("1000000000000000000")), None);
        let bytes = |unscaled| fixed(unscaled).data().to_vec();
        assert_eq!(bytes(-1), [0xff; 16]);
        assert_eq!(bytes(1)[15], 1);
    }
}
