use super::*;
use crate::model::exact::parse_decimal;
use proptest::prelude::*;
use std::io::Write;

const CODES: Codes = Codes {
    empty: "x::empty",
    syntax: "x::syntax",
    not_a_row: "x::row",
    what: "rows",
    forms: "a table",
};

/// `line path {row}` of each row, `line:column code` of each fault.
fn all(bytes: impl Into<Vec<u8>>) -> Vec<String> {
    all_of(Input::of(bytes))
}

fn all_of(input: Input) -> Vec<String> {
    let mut found = Vec::new();
    read(input, &mut |told| {
        match told {
            Told::Columns(_) => {}
            Told::Row(row) => found.push(format!("{} {} {}", row.line, row.path, row.json())),
            Told::Fault(fault) => {
                let code = fault.diagnostic("x", &CODES).code;
                found.push(format!("{}:{} {code}", fault.line, fault.column));
            }
        }
        ControlFlow::Continue(())
    });
    found
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

#[test]
fn every_form_of_text_has_rows_with_their_lines() {
    let (one, two) = (r#"{"a":"1"}"#, r#"{"a":"2","b":{"c":null}}"#);
    for (text, told) in [
        (
            "\u{feff}\n a,b\n1,\n2,\"{\"\"c\"\":null}\"\n".to_owned(),
            [r#"3  {"a":"1"}"#, r#"4  {"a":"2","b":"{\"c\":null}"}"#],
        ),
        (
            format!("{one}\n{two}\n"),
            [r#"1  {"a":"1"}"#, r#"2  {"a":"2","b":{"c":null}}"#],
        ),
        (
            format!("\n[{one},\n{two}]"),
            [r#"2 0 {"a":"1"}"#, r#"3 1 {"a":"2","b":{"c":null}}"#],
        ),
        (
            format!("{{\"why\": [1],\n\"rows\": [{one},\n{two}\n]}}\n"),
            [r#"2 rows.0 {"a":"1"}"#, r#"3 rows.1 {"a":"2","b":{"c":null}}"#],
        ),
        (
            format!("{{\n\"a\":\"1\"}}\n{two}"),
            [r#"1  {"a":"1"}"#, r#"3  {"a":"2","b":{"c":null}}"#],
        ),
        (
            format!("[{{\"rows\": [{one}]}},[[{two}]]]"),
            [r#"1 0.rows.0 {"a":"1"}"#, r#"1 1.0.0 {"a":"2","b":{"c":null}}"#],
        ),
    ] {
        assert_eq!(all(text.as_str()), told, "{text}");
        assert_eq!(all(gzip(text.as_bytes())), told, "{text}");
        assert_eq!(all(zstd::encode_all(text.as_bytes(), 3).unwrap()), told, "{text}");
    }
}

#[test]
fn a_number_keeps_its_digits_and_a_key_told_twice_its_last() {
    let rows = all(r#"[{"a": 0.1000000000000000000001e-2, "b": 1, "b": "x", "c": null, "d": ""}]"#);
    assert_eq!(rows, [r#"1 0 {"a":0.1000000000000000000001e-2,"b":"x"}"#]);
}

#[test]
fn a_row_that_cannot_be_read_hides_no_other_where_it_is_clear_that_it_ends() {
    for (text, told) in [
        (
            "a,b\n1,2\n3\n4,5\n",
            vec![
                r#"2  {"a":"1","b":"2"}"#,
                "3:0 x::syntax",
                r#"4  {"a":"4","b":"5"}"#,
            ],
        ),
        (
            "{\"a\":1}\n{broken\n\n{\"a\":2}\n",
            vec![r#"1  {"a":1}"#, "2:2 x::syntax", r#"4  {"a":2}"#],
        ),
        (
            "{\"a\":1}\n{\"a\":{\n{\"a\":2}\n",
            vec![r#"1  {"a":1}"#, "3:1 x::syntax", r#"3  {"a":2}"#],
        ),
        (
            "[{\"a\":tru},7,{\"a\":2}]",
            vec!["1:7 x::syntax", "1:0 x::row", r#"1 2 {"a":2}"#],
        ),
        ("[{\"a\":[1}},{\"a\":2}]", vec!["1:9 x::syntax"]),
        ("[{\"a\":1} {\"a\":2}]", vec![r#"1 0 {"a":1}"#, "1:10 x::syntax"]),
        ("[{\"a\":1}", vec![r#"1 0 {"a":1}"#, "1:9 x::syntax"]),
        (" \n\t\n", vec!["0:0 x::empty"]),
        ("", vec!["0:0 x::empty"]),
        ("[]", vec![]),
    ] {
        assert_eq!(all(text), told, "{text}");
    }
    assert_eq!(all(b"a\n\xff\n1\n".as_slice()), ["0:0 file::not-text"]);
    let late = [b"a\n".repeat(PROBE), b"\xff\n1\n".to_vec()].concat();
    let told = all(late);
    let (line, after) = (PROBE + 1, PROBE + 2);
    assert_eq!(
        told[PROBE - 1..],
        [format!("{line}:0 x::syntax"), format!("{after}  {{\"a\":\"1\"}}")]
    );
}

#[test]
fn depth_and_length_have_limits() {
    for open in ["[", "{\"a\":", "[{\"a\":[", "{\"a\":1}\n[["] {
        let told = all(open.repeat(100_000));
        assert!(told.last().unwrap().ends_with("x::syntax"), "{open}: {told:?}");
    }
    // A quote that nobody closes: what follows is not gathered for ever.
    let endless =
        |start: &str| all([start.as_bytes(), &vec![b'x'; LONGEST_ROW + PROBE + (1 << 20)]].concat());
    assert!(endless("a\n\"").last().unwrap().ends_with("file::damaged"));
    assert!(endless("[{\"a\":\"").last().unwrap().ends_with("file::damaged"));
    assert!(
        endless("{\"a\":1}\n{\"a\":\"")
            .last()
            .unwrap()
            .ends_with("file::damaged")
    );
}

#[test]
fn what_breaks_off_or_grows_beyond_measure_is_damaged() {
    let text = (0..20_000).fold("a,b\n".to_owned(), |text, n| {
        text + &format!("{n},{}\n", n * 7919 % 104_729)
    });
    for packed in [
        gzip(text.as_bytes()),
        zstd::encode_all(text.as_bytes(), 3).unwrap(),
    ] {
        assert_eq!(all(packed.clone()).len(), 20_000);
        let torn = all(&packed[..packed.len() / 2]);
        let (last, rows) = torn.split_last().unwrap();
        assert!(last.ends_with("file::damaged"), "{last}");
        // No row of those before it is a torn one.
        for (row, line) in rows.iter().zip(text.lines().skip(1)) {
            let (a, b) = line.split_once(',').unwrap();
            assert!(
                row.ends_with(&format!("{{\"a\":\"{a}\",\"b\":\"{b}\"}}")),
                "{row}"
            );
        }
        let mut wrong = packed;
        let middle = wrong.len() / 2;
        wrong[middle] ^= 0x40;
        assert!(all(wrong).last().unwrap().ends_with("file::damaged"));
    }
}

/// 1.2 GB of empty lines come out of some hundred kilobytes.
#[test]
fn a_bomb_is_refused_before_it_is_whole() {
    let mut packer = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packer.write_all(b"a\n").unwrap();
    let block = vec![b'\n'; 1 << 20];
    for _ in 0..1_200 {
        packer.write_all(&block).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let told = all(bomb);
    assert!(told[0].ends_with("file::damaged"), "{told:?}");
}

mod parquet {
    use super::*;
    use ::parquet::basic::{Compression, ZstdLevel};
    use ::parquet::data_type::{
        ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
    };
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    const SCHEMA: &str = "message spark_schema {
        OPTIONAL BYTE_ARRAY id (UTF8);
        OPTIONAL FIXED_LEN_BYTE_ARRAY (16) quantity (DECIMAL(38,18));
        OPTIONAL INT64 at (TIMESTAMP(MICROS,true));
        OPTIONAL INT32 day (DATE);
        OPTIONAL DOUBLE rate;
        OPTIONAL group tags (MAP) { REPEATED group key_value { REQUIRED BYTE_ARRAY key (UTF8); OPTIONAL BYTE_ARRAY value (UTF8); } }
        OPTIONAL group meta { OPTIONAL BYTE_ARRAY cluster_id (UTF8); OPTIONAL INT64 at (TIMESTAMP(NANOS,true)); }
    }";

    /// One row with everything, one with nulls.
    pub fn file(compression: Compression) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let mut group = file.next_row_group().unwrap();
        let text = |text: &str| ByteArray::from(text);
        macro_rules! column {
            ($kind:ty, $values:expr, $levels:expr, $repeats:expr) => {{
                let mut column = group.next_column().unwrap().unwrap();
                column
                    .typed::<$kind>()
                    .write_batch(&$values, Some(&$levels), $repeats)
                    .unwrap();
                column.close().unwrap();
            }};
        }
        let quantity = (-259_435_600_000_000_000_001_i128).to_be_bytes().to_vec();
        let quantity = FixedLenByteArray::from(ByteArray::from(quantity));
        column!(ByteArrayType, [text("r-1"), text("r-2")], [1, 1], None);
        column!(FixedLenByteArrayType, [quantity], [1, 0], None);
        // 2026-10-01T00:00:00.5Z
        column!(Int64Type, [1_790_812_800_500_000], [1, 0], None);
        // 2026-10-01 is day 20727.
        column!(Int32Type, [20_727], [1, 0], None);
        column!(DoubleType, [0.1], [1, 0], None);
        column!(
            ByteArrayType,
            [text("team"), text("x")],
            [2, 2, 0],
            Some(&[0, 1, 0])
        );
        column!(ByteArrayType, [text("da\"ta")], [3, 2, 0], Some(&[0, 1, 0]));
        column!(ByteArrayType, [text("c-1")], [2, 0], None);
        column!(Int64Type, [], [1, 0], None);
        group.close().unwrap();
        file.into_inner().unwrap()
    }

    #[test]
    fn cells_are_the_texts_that_csv_has() {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::ZSTD(ZstdLevel::default()),
            Compression::GZIP(Default::default()),
            Compression::LZ4_RAW,
        ] {
            let told = all(file(compression));
            assert_eq!(
                told,
                [
                    concat!(
                        r#"1  {"id":"r-1","quantity":-259.435600000000000001,"at":"2026-10-01T00:00:00.500Z","day":"2026-10-01","#,
                        r#""rate":0.1,"tags":{"team":"da\"ta","x":null},"meta":{"cluster_id":"c-1","at":null}}"#
                    ),
                    r#"2  {"id":"r-2"}"#,
                ],
                "{compression:?}"
            );
        }
    }

    #[test]
    fn a_file_on_disk_is_read_as_one_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part-0");
        std::fs::write(&path, file(Compression::SNAPPY)).unwrap();
        let told = all_of(Input::File(File::open(&path).unwrap()));
        assert_eq!(told, all(file(Compression::SNAPPY)));
    }

    #[test]
    fn a_torn_or_packed_file_is_told() {
        let whole = file(Compression::SNAPPY);
        for length in 4..whole.len() {
            let told = all(&whole[..length]);
            assert!(
                told.last().unwrap().ends_with("file::damaged"),
                "{length}: {told:?}"
            );
        }
        assert_eq!(all(gzip(&whole)), ["0:0 file::not-text"]);
    }
}

#[test]
fn decimals_of_columns_are_numbers_that_can_be_read() {
    let rows = all(parquet::file(::parquet::basic::Compression::SNAPPY));
    let quantity = rows[0]
        .split("\"quantity\":")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    assert_eq!(
        parse_decimal(quantity).unwrap().to_string(),
        "-259.435600000000000001"
    );
}

proptest! {
    /// Whatever the bytes, there is an answer.
    #[test]
    fn no_bytes_stop_the_reading(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        start in prop::sample::select(vec![&b""[..], b"PAR1", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"[{", b"{\"a\":", b"a,b\n"]),
    ) {
        all([start, &bytes].concat());
    }

    #[test]
    fn no_text_stops_the_reading(text in "[\\[\\]{}\",:\\\\\na-z0-9.eE+-]{0,80}") {
        all(text);
    }

    /// A file of which some bytes are others: rows, or a fault, never a panic.
    #[test]
    fn no_damage_stops_the_reading(
        packing in 0_usize..5,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let codec = [::parquet::basic::Compression::SNAPPY, ::parquet::basic::Compression::UNCOMPRESSED, ::parquet::basic::Compression::ZSTD(Default::default())];
        let mut bytes = match packing {
            3 => gzip(b"a,b\n1,2\n"),
            4 => zstd::encode_all(&b"[{\"a\":1}]"[..], 1).unwrap(),
            codec_at => parquet::file(codec[codec_at]),
        };
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        all(bytes);
    }
}
