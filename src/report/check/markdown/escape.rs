//! Names and messages inside a Markdown table: they become text, never markup, a mention or a link.

use crate::report::render::name::visible;

/// Longer texts are cut: one value must not fill the comment.
const LONGEST: usize = 600;

/// A name or a value, set in `code`: renderers take nothing in it for a mention or a reference.
pub(super) fn code(text: &str) -> String {
    let shown = shortened(text);
    match shown.is_empty() {
        true => String::new(),
        false => format!("<code>{}</code>", escaped(&shown)),
    }
}

/// A sentence in which backticks stand around values.
pub(super) fn prose(text: &str) -> String {
    let shown = shortened(text);
    let parts: Vec<&str> = shown.split('`').collect();
    // Of an odd number of backticks nobody knows what is inside them.
    if parts.len().is_multiple_of(2) {
        return quiet(&shown);
    }
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        match i.is_multiple_of(2) {
            true => out.push_str(&quiet(part)),
            false => out.push_str(&format!("<code>{}</code>", escaped(part))),
        }
    }
    out
}

/// Everything that Markdown or HTML reads as markup, as entities. An underscore inside a word is none.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => out.push(c),
            '|' | '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '@' | '#' | '$' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Text outside `code`: mentions (`@team`), references (`#12`) and addresses are looked for after entities are read, and
/// a space of no width keeps them from being found.
fn quiet(text: &str) -> String {
    const NOTHING: &str = "&#8203;";
    let text = escaped(text)
        .replace("&#64;", &format!("&#64;{NOTHING}"))
        .replace("://", &format!(":{NOTHING}//"))
        .replace("www.", &format!("www{NOTHING}."));
    text.replace("&#35;", &format!("&#35;{NOTHING}"))
}

fn shortened(text: &str) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(LONGEST) {
        None => shown,
        Some((end, _)) => format!("{}...", shown.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_is_text(name in any::<String>(), marks in "[|`<>*_@#\\[\\]\n a]{0,40}") {
            for name in [name, marks] {
                for shown in [code(&name), prose(&name)] {
                    let shown = shown.replace("<code>", "").replace("</code>", "");
                    prop_assert!(!shown.contains(['|', '`', '<', '>', '*', '@', '[', ']', '\n', '\r']), "{shown}");
                }
            }
        }
    }

    #[test]
    fn names_are_text() {
        assert_eq!(
            code("a|b\n<img> @x"),
            "<code>a&#124;b&#92;u{a}&lt;img&gt; &#64;x</code>"
        );
        assert_eq!(code(""), "");
        assert_eq!(
            prose("`num_workers` is `4|0`, ask @team about #12"),
            "<code>num_workers</code> is <code>4&#124;0</code>, ask &#64;&#8203;team about &#35;&#8203;12"
        );
        assert_eq!(
            prose("one ` alone **x**"),
            "one &#96; alone &#42;&#42;x&#42;&#42;"
        );
        assert_eq!(code("_x_ a_b"), "<code>&#95;x&#95; a_b</code>");
        assert_eq!(prose("https://e.x"), "https:&#8203;//e.x");
        assert_eq!(code(&"x".repeat(700)).len(), 600 + 3 + 13);
    }
}
