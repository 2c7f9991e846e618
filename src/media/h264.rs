//! What kinds of units an H.264 access unit with start codes (Annex B) is made of.

/// A slice of an IDR picture: decoding can begin with it.
const IDR: u8 = 5;
/// A sequence's parameters …
const SEQUENCE: u8 = 7;
/// … and a picture's.
const PICTURE: u8 = 8;

/// Whether it holds an IDR picture.
pub fn is_key(data: &[u8]) -> bool {
    units(data).any(|unit| kind(unit) == Some(IDR))
}

/// Its parameter sets with start codes, or `None` where one of the two is missing.
pub fn parameter_sets(data: &[u8]) -> Option<Vec<u8>> {
    let has = |wanted| units(data).any(|unit| kind(unit) == Some(wanted));
    if !(has(SEQUENCE) && has(PICTURE)) {
        return None;
    }
    let sets = units(data).filter(|unit| matches!(kind(unit), Some(SEQUENCE | PICTURE)));
    Some(sets.flat_map(|unit| [&[0, 0, 0, 1], unit].concat()).collect())
}

fn kind(unit: &[u8]) -> Option<u8> {
    unit.first().map(|byte| byte & 0x1f)
}

/// The units between the start codes; what stands before the first one belongs to none.
fn units(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(data).map(|at| &data[at..]);
    std::iter::from_fn(move || {
        let here = rest.take()?;
        let next = after_start_code(here);
        rest = next.map(|at| &here[at..]);
        let unit = next.map_or(here, |at| &here[..at - START_CODE.len()]);
        // A unit never ends with a zero: those belong to the next start code, or fill up.
        let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(&unit[..end])
    })
}

const START_CODE: [u8; 3] = [0, 0, 1];

fn after_start_code(data: &[u8]) -> Option<usize> {
    data.windows(START_CODE.len()).position(|window| window == START_CODE).map(|at| at + START_CODE.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_sets_are_taken_out_of_a_key_picture() {
        let key = [
            0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 1, 0x67, 0x42, 0, 3, 0, 0, 1, 0x68, 0xce, 0, 0, 1, 0x65, 0x88, 0x80, 0, 0,
        ];
        assert!(is_key(&key));
        let sets = parameter_sets(&key).unwrap();
        assert_eq!(sets, [0, 0, 0, 1, 0x67, 0x42, 0, 3, 0, 0, 0, 1, 0x68, 0xce]);
    }

    #[test]
    fn other_pictures_are_not_begun_with() {
        let between = [0, 0, 0, 1, 0x41, 0x9a, 0x67, 0, 0, 2, 0x65];
        assert!(!is_key(&between) && parameter_sets(&between).is_none());
        // An IDR picture whose parameters came with an earlier one.
        let bare = [0, 0, 1, 0x25, 0x88];
        assert!(is_key(&bare) && parameter_sets(&bare).is_none());
        for odd in [&[][..], &[0, 0, 1], &[0, 0, 0, 1, 0, 0, 1], &[0x65, 1, 2]] {
            assert!(!is_key(odd), "{odd:?}");
        }
    }
}
