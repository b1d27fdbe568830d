//! Phone numbers as people write them, in the form that WhatsApp wants.

/// Digits with the country's prefix, 11 to 15 of them; ten that begin with 3 are a Colombian mobile. None when it is no phone number.
#[must_use]
pub fn international(written: &str) -> Option<String> {
    let odd = written.chars().any(|c| !c.is_ascii_digit() && !"+-. ()".contains(c));
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let whole = if digits.len() == 10 && digits.starts_with('3') { format!("57{digits}") } else { digits };
    (!odd && (11..=15).contains(&whole.len())).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_as_people_write_it() {
        for written in ["3005550001", "300 555 0001", "+57 300 555-0001", "57 (300) 5550001", "573005550001"] {
            assert_eq!(international(written).as_deref(), Some("573005550001"), "{written}");
        }
        for other in ["", "0001", "CO.111222333444", "300555000x", "6047900001", "1234567890123456"] {
            assert_eq!(international(other), None, "{other}");
        }
    }
}
