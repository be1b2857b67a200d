//! Blocks of rows, as many of which are written as a comment holds.

use super::counted;

/// GitHub takes 65,536 characters.
pub(super) const LIMIT: usize = 65_000;

/// Room for the sentence that says what was left out.
const SENTENCE: usize = 200;

/// A heading, or a line to be unfolded, and rows below it.
pub(super) struct Block {
    title: String,
    /// What the rows are, in the plural.
    noun: &'static str,
    is_folded: bool,
    table: &'static str,
    rows: Vec<String>,
}

impl Block {
    /// One that is seen at once.
    pub(super) fn open(title: &str, noun: &'static str) -> Block {
        Block {
            title: title.to_owned(),
            noun,
            is_folded: false,
            table: "",
            rows: Vec::new(),
        }
    }

    /// One that a reader unfolds.
    pub(super) fn folded(title: &str, noun: &'static str) -> Block {
        Block {
            is_folded: true,
            ..Block::open(title, noun)
        }
    }

    /// Its rows are those of a table with this head.
    pub(super) fn table(self, table: &'static str) -> Block {
        Block { table, ..self }
    }

    /// Its rows, each a whole line.
    pub(super) fn rows(self, rows: Vec<String>) -> Block {
        Block { rows, ..self }
    }

    fn begin(&self) -> String {
        let (title, n) = (&self.title, counted(self.rows.len(), self.noun));
        match self.is_folded {
            true => format!("\n<details><summary>{title}: {n}</summary>\n\n{}", self.table),
            false => format!("\n### {title}: {n}\n\n{}", self.table),
        }
    }

    fn end(&self) -> &'static str {
        match self.is_folded {
            true => "\n</details>\n",
            false => "",
        }
    }
}

/// Length as GitHub counts it, at worst.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// All blocks that have rows, and as many rows as there is room for, those of the first blocks first.
pub(super) fn fitted(blocks: Vec<Block>, room: usize) -> String {
    let blocks: Vec<Block> = blocks.into_iter().filter(|b| !b.rows.is_empty()).collect();
    let frame = |block: &Block| {
        let frame = length(&block.begin()).saturating_add(length(block.end()));
        frame.saturating_add(SENTENCE)
    };
    let frames = blocks.iter().map(frame).fold(0_usize, usize::saturating_add);
    let mut room = room.saturating_sub(frames);
    let mut out = String::new();
    for block in &blocks {
        out.push_str(&block.begin());
        let mut shown = 0_usize;
        for row in &block.rows {
            let needed = length(row);
            if needed > room {
                break;
            }
            room = room.saturating_sub(needed);
            shown = shown.saturating_add(1);
            out.push_str(row);
        }
        let left_out = block.rows.len().saturating_sub(shown);
        if left_out > 0 {
            out.push_str(&format!(
                "\n{left_out} of {} {} are left out, since a comment holds no more; `--format json-report` has them all.\n",
                block.rows.len(),
                block.noun
            ));
        }
        out.push_str(block.end());
    }
    out
}
