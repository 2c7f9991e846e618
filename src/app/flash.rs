//! The window of a sync test: a black field that turns white at given moments, and when it really was.
//!
//! The moment of a flash lies between the end of our painting and the beginning of the next frame, when the picture has
//! been handed to the desktop: 1 to 20 ms, which is told with it. What the desktop and the monitor add is not known here;
//! a recording of the screen does not see it either.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use eframe::egui::{self, Align2, Color32, FontId, Key, Sense, ViewportBuilder, ViewportCommand};

use super::error::AppError;
use super::portrait::pixels;
use super::run::{icon, show};
use super::wake::AT_ONCE;
use crate::media::sync::FLASH_LENGTH;
use crate::media::{Rect, Timestamp};
use crate::rt::Clock;

/// The window's title.
pub const FLASH_TITLE: &str = "gearcast sync test";
/// The window in points; the field is all of it but the words.
const SIZE: [f32; 2] = [640.0, 400.0];
const WORDS_HEIGHT: f32 = 88.0;
/// After some frames the desktop has given the window its place.
const OPEN_FRAMES: u32 = 5;
/// What is written beside a flashing field must not change with it.
const GROUND: Color32 = Color32::from_gray(38);
const WORDS: Color32 = Color32::from_gray(215);
const FAINT: Color32 = Color32::from_gray(150);

/// A flash and when it was on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flash {
    /// When it was to come.
    pub due: Timestamp,
    /// When it was there.
    pub at: Timestamp,
    /// By how much that may be wrong, to either side.
    pub error: Duration,
}

/// What the window is told and tells; shared with whoever leads the test.
#[derive(Default)]
pub struct FlashBoard {
    state: Mutex<State>,
    ctx: OnceLock<egui::Context>,
}

#[derive(Default)]
struct State {
    words: String,
    due: Vec<Timestamp>,
    shown: Vec<Flash>,
    place: Option<Rect>,
    /// Frames painted, up to [`OPEN_FRAMES`].
    frames: u32,
    end: End,
}

/// How far the window's end is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// The user does not want it any more.
    Cancelled,
    /// The test is over.
    Over,
}

impl FlashBoard {
    /// What happens now, in words under the field.
    pub fn say(&self, words: &str) {
        words.clone_into(&mut self.lock().words);
        self.wake();
    }

    /// The moments to flash at, in order.
    pub fn flash_at(&self, due: Vec<Timestamp>) {
        self.lock().due = due;
        self.wake();
    }

    /// The flashes so far.
    pub fn shown(&self) -> Vec<Flash> {
        self.lock().shown.clone()
    }

    /// Whether the window is to be seen.
    pub fn is_open(&self) -> bool {
        self.lock().frames >= OPEN_FRAMES
    }

    /// Where the window lies on the desktop in pixels, as far as the desktop tells. Empty until it is open.
    pub fn place(&self) -> Option<Rect> {
        self.lock().place
    }

    /// Gives the test up, as Esc does.
    pub fn cancel(&self) {
        let mut state = self.lock();
        if state.end == End::Open {
            state.end = End::Cancelled;
        }
        drop(state);
        self.wake();
    }

    /// Whether it was given up.
    pub fn is_cancelled(&self) -> bool {
        self.lock().end == End::Cancelled
    }

    /// Closes the window.
    pub fn close(&self) {
        self.lock().end = End::Over;
        self.wake();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(ctx) = self.ctx.get() {
            ctx.request_repaint_after(AT_ONCE);
        }
    }
}

/// Opens the window and stays until the board is closed. To be called on the main thread.
pub fn run_flashes(board: &Arc<FlashBoard>, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let viewport = ViewportBuilder::default()
        .with_title(FLASH_TITLE)
        .with_app_id("gearcast")
        .with_inner_size(SIZE)
        .with_resizable(false)
        .with_icon(icon());
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let board = Arc::clone(board);
    let build = |cc: &eframe::CreationContext<'_>| {
        // A field that flashes is dark on any desktop.
        cc.egui_ctx.set_theme(egui::Theme::Dark);
        drop(board.ctx.set(cc.egui_ctx.clone()));
        Ok(Box::new(FlashWindow { board, clock, next: 0, until: None, painted: None }) as Box<dyn eframe::App>)
    };
    show(FLASH_TITLE, options, Box::new(build))
}

struct FlashWindow {
    board: Arc<FlashBoard>,
    clock: Arc<dyn Clock>,
    /// The next flash of the list.
    next: usize,
    /// The field is white until then.
    until: Option<Timestamp>,
    /// The flash that the last frame was the first to show, and when that was painted.
    painted: Option<(Timestamp, Timestamp)>,
}

/// What the field is now, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    white: bool,
    /// The flash that begins with this frame.
    begins: Option<Timestamp>,
    /// When it changes next.
    changes: Option<Timestamp>,
}

impl FlashWindow {
    /// The frame before is with the desktop now.
    fn settle(&mut self) {
        let Some((due, painted)) = self.painted.take() else { return };
        let error = self.clock.now().since(painted) / 2;
        self.board.lock().shown.push(Flash { due, at: painted + error, error });
    }

    fn turn(&mut self, now: Timestamp) -> Field {
        let next_due = self.board.lock().due.get(self.next).copied();
        let mut begins = None;
        if self.until.is_some_and(|until| now >= until) {
            self.until = None;
        }
        if let (None, Some(due)) = (self.until, next_due.filter(|due| *due <= now)) {
            self.next += 1;
            self.until = Some(now + FLASH_LENGTH);
            begins = Some(due);
        }
        Field { white: self.until.is_some(), begins, changes: self.until.or(next_due) }
    }

    fn words(&self, ui: &egui::Ui, area: egui::Rect) {
        let state = self.board.lock();
        let (words, shown, all) = (state.words.clone(), state.shown.len(), state.due.len());
        drop(state);
        let painter = ui.painter_at(area);
        painter.rect_filled(area, 0.0, GROUND);
        let left = area.left_top() + egui::vec2(16.0, 14.0);
        let count = if all == 0 { words } else { format!("{words} {shown} of {all}") };
        painter.text(left, Align2::LEFT_TOP, count, FontId::proportional(17.0), WORDS);
        let hint = "Leave this window uncovered and where it is. It closes by itself; Esc gives up.";
        painter.text(left + egui::vec2(0.0, 30.0), Align2::LEFT_TOP, hint, FontId::proportional(13.0), FAINT);
    }
}

impl eframe::App for FlashWindow {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.settle();
        let viewport = ctx.input(|input| input.viewport().clone());
        let scale = ctx.pixels_per_point();
        let place = viewport.inner_rect.map(|rect| pixels(rect, scale));
        let gives_up = viewport.close_requested() || ctx.input(|input| input.key_pressed(Key::Escape));
        let mut state = self.board.lock();
        state.place = place;
        if state.frames < OPEN_FRAMES {
            state.frames += 1;
            ctx.request_repaint_after(Duration::from_millis(100));
        }
        if gives_up && state.end == End::Open {
            state.end = End::Cancelled;
        }
        let end = state.end;
        drop(state);
        match end {
            // Whoever leads the test closes the window: the recording is to end first.
            End::Open | End::Cancelled => {
                if viewport.close_requested() {
                    ctx.send_viewport_cmd(ViewportCommand::CancelClose);
                }
            }
            End::Over => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let whole = ui.max_rect();
        let (above, below) = whole.split_top_bottom_at_y(whole.bottom() - WORDS_HEIGHT);
        self.words(ui, below);
        let button =
            egui::Rect::from_center_size(below.right_center() - egui::vec2(58.0, -20.0), egui::vec2(84.0, 28.0));
        if ui.put(button, egui::Button::new("Give up").sense(Sense::click())).clicked() {
            self.board.cancel();
        }
        let field = self.turn(self.clock.now());
        ui.painter().rect_filled(above, 0.0, if field.white { Color32::WHITE } else { Color32::BLACK });
        let ctx = ui.ctx();
        if let Some(due) = field.begins {
            self.painted = Some((due, self.clock.now()));
            ctx.request_repaint_after(AT_ONCE);
        } else if let Some(changes) = field.changes {
            ctx.request_repaint_after(changes.since(self.clock.now()).max(AT_ONCE));
        }
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        [0.0, 0.0, 0.0, 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::ManualClock;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn the_field_turns_white_once_for_each_moment() {
        let board = Arc::new(FlashBoard::default());
        let clock = Arc::new(ManualClock::new(at(1000)));
        let mut window =
            FlashWindow { board: Arc::clone(&board), clock: clock.clone(), next: 0, until: None, painted: None };
        assert_eq!(window.turn(at(1000)), Field { white: false, begins: None, changes: None });
        board.flash_at(vec![at(1100), at(1300)]);
        for (now, white, begins, changes) in [
            (1050, false, None, Some(1100)),
            (1102, true, Some(1100), Some(1202)),
            (1103, true, None, Some(1202)),
            (1202, false, None, Some(1300)),
            (1310, true, Some(1300), Some(1410)),
            (1420, false, None, None),
        ] {
            let expected = Field { white, begins: begins.map(at), changes: changes.map(at) };
            assert_eq!(window.turn(at(now)), expected, "{now}");
        }
    }

    #[test]
    fn a_flash_lies_between_two_frames() {
        let board = Arc::new(FlashBoard::default());
        let clock = Arc::new(ManualClock::new(at(1000)));
        let mut window =
            FlashWindow { board: Arc::clone(&board), clock: clock.clone(), next: 0, until: None, painted: None };
        window.painted = Some((at(990), at(1000)));
        clock.advance(Duration::from_millis(8));
        window.settle();
        assert_eq!(board.shown(), [Flash { due: at(990), at: at(1004), error: Duration::from_millis(4) }]);
    }

    #[test]
    fn giving_up_after_the_end_changes_nothing() {
        let board = FlashBoard::default();
        board.close();
        board.cancel();
        assert!(!board.is_cancelled());
        let board = FlashBoard::default();
        board.cancel();
        assert!(board.is_cancelled());
    }
}
