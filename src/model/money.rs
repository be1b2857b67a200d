//! Money: an amount in a currency, held as a whole number of 10^-9 units.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

use super::exact::{decimal_text, nano_to_decimal};

/// An ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollar: the only currency in which Azure's retail prices bind.
    pub const USD: Currency = Currency(*b"USD");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is not a currency code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency; expected three capital letters (ISO 4217), as in `USD`")]
pub struct NotACurrency(pub String);

impl TryFrom<String> for Currency {
    type Error = NotACurrency;
    fn try_from(text: String) -> Result<Self, NotACurrency> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Currency(code)),
            _ => Err(NotACurrency(text)),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

/// An amount of money: a cost. Range about plus or minus 9.2 thousand million units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount in 10^-9 units of the currency.
    pub nano: i64,
    /// The currency. Amounts of different currencies are never added.
    pub currency: Currency,
}

impl Money {
    /// The amount as a decimal.
    pub fn amount(&self) -> Decimal {
        nano_to_decimal(self.nano)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal_text(self.amount()), self.currency)
    }
}

/// Money per unit of a meter. A price list's number, kept as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitPrice(pub Decimal);

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.0))
    }
}
