//! What the window remembers of itself and no profile holds: half-typed choices, and numbers between two refreshes.

use eframe::egui::Id;

use super::readout::Readout;
use crate::profile::SourceKind;

/// How a choice with common values and a free one is being made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Typing {
    /// From the list, as far as the value is in it.
    #[default]
    Listed,
    /// By hand, even while the text happens to be in the list.
    Free,
}

/// Whether the preview of a self-portrait was asked for all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortraitPreview {
    /// A card in its place.
    #[default]
    Card,
    /// One picture a second.
    Slow,
}

/// View memory: owned by the app, changed only while drawing, never stored.
#[derive(Debug, Default)]
pub struct ViewMemory {
    /// The preview of a self-portrait.
    pub portrait_preview: PortraitPreview,
    pub(super) readout: Readout,
    pub(super) size_typing: Typing,
    pub(super) rate_typing: Typing,
    /// What had the keyboard when the side panel was last drawn.
    pub(super) last_focus: Option<Id>,
    /// The id last chosen of each kind, so that trying another kind does not lose it.
    chosen_ids: Vec<(SourceKind, String)>,
}

impl ViewMemory {
    /// Keeps the id chosen for a kind and gives back the one last chosen for another.
    pub(super) fn swap_id(&mut self, from: SourceKind, id: String, to: SourceKind) -> String {
        self.chosen_ids.retain(|(kind, _)| *kind != from);
        self.chosen_ids.push((from, id));
        let found = self.chosen_ids.iter().find(|(kind, _)| *kind == to);
        found.map(|(_, id)| id.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_keeps_its_own_choice() {
        let mut memory = ViewMemory::default();
        assert_eq!(memory.swap_id(SourceKind::Screen, "DP-1".into(), SourceKind::Camera), "");
        assert_eq!(memory.swap_id(SourceKind::Camera, "usb-1".into(), SourceKind::Screen), "DP-1");
        assert_eq!(memory.swap_id(SourceKind::Screen, "DP-2".into(), SourceKind::Camera), "usb-1");
        assert_eq!(memory.swap_id(SourceKind::Camera, String::new(), SourceKind::Screen), "DP-2");
    }
}
