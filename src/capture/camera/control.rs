//! What can be set on a camera: brightness, exposure, focus, white balance, zoom, power-line frequency …

use std::collections::BTreeMap;

/// One thing that can be set, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraControl {
    /// Its key in a profile: its name in small letters with underscores, `white_balance_automatic`.
    pub key: String,
    /// Its name as the camera's driver gives it.
    pub name: String,
    /// What it can be.
    pub kind: ControlKind,
    /// What it is; 0 or 1 of a switch, an entry's number of a menu, 0 of a button.
    pub value: i64,
    /// What it is without anybody's doing.
    pub default: i64,
    /// Whether it can be set now.
    pub state: ControlState,
}

/// What a control can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// A number.
    Number {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// From one to the next; at least 1.
        step: i64,
    },
    /// On or off.
    Switch,
    /// One of these, each with its number.
    Menu(Vec<(i64, String)>),
    /// Does something once when it is pressed.
    Button,
}

/// Whether a control can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlState {
    /// It can.
    Free,
    /// Not now: another control (as automatic exposure) or the running stream decides.
    Inactive,
    /// It only tells.
    ReadOnly,
}

/// What is wished, by key. Controls that are not named are left as they are.
pub type ControlWishes = BTreeMap<String, i64>;

impl CameraControl {
    /// The value nearest to `wished` that the control can be; `None` for a menu without that entry and for buttons.
    pub fn nearest(&self, wished: i64) -> Option<i64> {
        match &self.kind {
            ControlKind::Number { min, max, step } => {
                let (step, wished) = ((*step).max(1), wished.clamp(*min, *max));
                let steps = (wished.saturating_sub(*min).saturating_add(step / 2)) / step;
                Some(min.saturating_add(steps.saturating_mul(step)).min(*max))
            }
            ControlKind::Switch => Some(i64::from(wished != 0)),
            ControlKind::Menu(entries) => entries.iter().any(|(number, _)| *number == wished).then_some(wished),
            ControlKind::Button => None,
        }
    }
}

/// A control's key: `White Balance, Automatic` is `white_balance_automatic`.
pub fn control_key(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(kind: ControlKind) -> CameraControl {
        let (key, name) = ("x".to_owned(), "X".to_owned());
        CameraControl { key, name, kind, value: 0, default: 0, state: ControlState::Free }
    }

    #[test]
    fn keys_are_plain_words() {
        assert_eq!(control_key("White Balance, Automatic"), "white_balance_automatic");
        assert_eq!(control_key(" Power Line Frequency (50 Hz) "), "power_line_frequency_50_hz");
        assert_eq!(control_key("Zoom, Absolute"), "zoom_absolute");
        assert_eq!(control_key("--"), "");
    }

    #[test]
    fn a_wish_becomes_a_value_that_the_control_can_be() {
        let number = control(ControlKind::Number { min: -10, max: 11, step: 5 });
        for (wished, value) in [(-99, -10), (-8, -10), (-7, -5), (3, 5), (8, 10), (99, 10), (i64::MAX, 10)] {
            assert_eq!(number.nearest(wished), Some(value), "{wished}");
        }
        assert_eq!(control(ControlKind::Switch).nearest(7), Some(1));
        let menu = control(ControlKind::Menu(vec![(1, "50 Hz".into()), (2, "60 Hz".into())]));
        assert_eq!((menu.nearest(2), menu.nearest(0)), (Some(2), None));
        assert_eq!(control(ControlKind::Button).nearest(1), None);
        let widest = control(ControlKind::Number { min: i64::MIN, max: i64::MAX, step: 0 });
        assert!(widest.nearest(5).is_some());
    }
}
