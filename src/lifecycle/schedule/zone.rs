//! Names of time zones.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::model::suggest;

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone `{found}`")]
pub struct UnknownZone {
    /// The name.
    pub found: String,
    /// What to write instead.
    pub hint: String,
}

/// A time zone of the IANA database by its name, `Europe/Berlin`, in the spelling and case of the database.
///
/// Java reads more: three letters, whose meaning surprises (`BST` is `Asia/Dhaka`), and offsets such as `GMT+02:00`.
/// They are refused with the name that means the same.
///
/// # Errors
/// No zone has this name.
pub fn parse_zone(text: &str) -> Result<Tz, UnknownZone> {
    text.parse().map_err(|_| UnknownZone {
        found: text.to_owned(),
        hint: hint(text),
    })
}

fn hint(text: &str) -> String {
    if let Some((_, name)) = JAVA_SHORT_IDS.iter().find(|(short, _)| *short == text) {
        return format!("Java reads `{text}` as `{name}`: name that");
    }
    if ["GMT", "UTC", "UT"].iter().any(|start| {
        text.strip_prefix(start)
            .is_some_and(|rest| rest.starts_with(['+', '-']))
    }) {
        return "a fixed offset is `Etc/GMT-2`, which is two hours ahead of UTC".to_owned();
    }
    let names: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    suggest::hint(text, &names, |_| {
        "expected a name of the IANA database: `Europe/Berlin`, `America/New_York`, `UTC`".to_owned()
    })
}

/// Three-letter ids of Java that the IANA database lacks (`java.time.ZoneId.SHORT_IDS`).
const JAVA_SHORT_IDS: [(&str, &str); 25] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_the_name_that_the_database_gives_it() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Etc/UTC",
            "US/Eastern",
        ] {
            assert_eq!(parse_zone(name).unwrap().name(), name);
        }
        let hint = |name: &str| parse_zone(name).unwrap_err().hint;
        assert_eq!(hint("Europe/Berln"), "did you mean `Europe/Berlin`?");
        assert_eq!(hint("europe/berlin"), "did you mean `Europe/Berlin`?");
        assert_eq!(
            hint("PST"),
            "Java reads `PST` as `America/Los_Angeles`: name that"
        );
        assert!(hint("GMT+02:00").contains("Etc/GMT-2") && hint("").contains("IANA"));
        for (short, meant) in JAVA_SHORT_IDS {
            assert!(parse_zone(short).is_err() && parse_zone(meant).is_ok(), "{short}");
        }
    }
}
