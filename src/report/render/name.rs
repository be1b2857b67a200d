//! Names made harmless for the form they are shown in.

/// Control characters, line separators and invisible direction marks as escapes; everything else as it is.
pub(in crate::report) fn visible(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// What a reader cannot see, and what turns the direction of what he reads.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A name inside a Markdown table. An underscore inside a word is no markup, so it stays readable.
pub(in crate::report) fn markdown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in visible(name).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '[' | ']' | '~' | '!' => shown.extend(['\\', c]),
            _ => shown.push(c),
        }
    }
    shown
}

/// A name in a CSV cell. Spreadsheets run a cell that starts with one of `= + - @` as a formula, so an apostrophe
/// goes before it; who needs the exact name reads JSON. Numbers are ours and never pass here.
pub(in crate::report) fn csv(name: &str) -> String {
    let shown = visible(name);
    let risky = shown
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if risky { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_no_form() {
        assert_eq!(
            visible("a\nb\t\u{202e}c\u{1b}[31m"),
            "a\\u{a}b\\u{9}\\u{202e}c\\u{1b}[31m"
        );
        assert_eq!(visible("Zürich 東京"), "Zürich 東京");
        assert_eq!(
            markdown("a|b <i> `x` [l](u)"),
            "a\\|b &lt;i&gt; \\`x\\` \\[l\\](u)"
        );
        assert_eq!(markdown("Standard_DS3_v2"), "Standard_DS3_v2");
        for risky in ["=1+1", "+1", "-1", "@x", " =1", "＝1"] {
            assert_eq!(csv(risky), format!("'{risky}"));
        }
        assert_eq!(csv("etl-nightly"), "etl-nightly");
        assert_eq!(csv("\t=1"), "\\u{9}=1");
    }
}
