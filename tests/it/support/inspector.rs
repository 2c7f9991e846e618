//! Drives the program's real window: reads its accessibility tree, clicks, types, looks at its picture.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use eframe::egui::accesskit::{Node, NodeId, Rect, Role};
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_inspection::protocol::read_handshake;
use egui_inspection::{Request, Response, read_message, write_message};
use gearcast::rt::{Clock as _, RealClock, StopSource};
use rustix::process::{Pid, Signal, kill_process};

use super::program::{Home, Ran};
use super::xvfb::Xvfb;

/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_mins(1);
/// Each look paints the window once, and a recording needs the processor too.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The window's own words when it can be talked to; its port follows.
const LISTENING: &str = "listening on ";

/// One widget as assistive technology sees it.
#[derive(Clone, Debug)]
pub(crate) struct Widget {
    pub(crate) role: Role,
    /// What a button says, or the label beside a field.
    pub(crate) name: String,
    /// A label's text, a field's content, what is chosen.
    pub(crate) value: String,
    /// In points, which are pixels on the tests' screens.
    pub(crate) bounds: Rect,
    pub(crate) enabled: bool,
}

impl Widget {
    fn centre(&self) -> Pos2 {
        #[expect(clippy::cast_possible_truncation, reason = "places on a screen")]
        let place = |from: f64, to: f64| f64::midpoint(from, to) as f32;
        pos2(place(self.bounds.x0, self.bounds.x1), place(self.bounds.y0, self.bounds.y1))
    }
}

/// The running program with its window; killed when dropped.
pub(crate) struct Window {
    child: Child,
    stderr: BufReader<ChildStderr>,
    peer: TcpStream,
    said: String,
}

impl Window {
    /// Starts the program on this screen and returns when its window answers.
    pub(crate) fn open(home: &Home, screen: &Xvfb) -> Self {
        let mut command = home.command(&[]);
        command.env("DISPLAY", &screen.display).env("GEARCAST_LOG", "error,egui_inspection=info");
        // Port 0: the system chooses a free one, and the log tells which.
        command.env("EGUI_INSPECTION", "127.0.0.1:0").env_remove("DBUS_SESSION_BUS_ADDRESS");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("gearcast starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("its stderr"));
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            assert!(stderr.read_line(&mut said).expect("its words") > 0, "the window did not open: {said}");
            if let Some((_, address)) = said[start..].split_once(LISTENING) {
                break address.trim().to_owned();
            }
        };
        let mut peer = TcpStream::connect(&address).expect("a connection to the window");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        read_handshake(&mut peer).expect("a window that can be inspected");
        Self { child, stderr, peer, said }
    }

    fn ask(&mut self, request: &Request) -> Response {
        write_message(&self.peer, request).expect("the window listens");
        read_message(&self.peer).expect("the window answers")
    }

    /// Everything that is to be seen.
    pub(crate) fn widgets(&mut self) -> Vec<Widget> {
        let Response::Tree { accesskit, .. } = self.ask(&Request::GetTree) else { panic!("no tree") };
        let nodes = accesskit.map(|update| update.nodes).unwrap_or_default();
        nodes.iter().filter_map(|(_, node)| widget(node, &nodes)).collect()
    }

    /// Looks until `wanted` gives something.
    pub(crate) fn wait<T>(&mut self, what: &str, wanted: impl Fn(&[Widget]) -> Option<T>) -> T {
        let due = RealClock.now() + PATIENCE;
        loop {
            let widgets = self.widgets();
            if let Some(found) = wanted(&widgets) {
                return found;
            }
            if RealClock.now() >= due {
                let seen: Vec<String> =
                    widgets.iter().map(|w| format!("{:?} {:?} {:?}", w.role, w.name, w.value)).collect();
                panic!("{what} did not come; to be seen were:\n{}", seen.join("\n"));
            }
            RealClock.sleep_until(RealClock.now() + BETWEEN_LOOKS, &StopSource::new().token());
        }
    }

    /// Waits for a widget of this role and name that can be used.
    pub(crate) fn find(&mut self, role: Role, name: &str) -> Widget {
        self.wait(name, |widgets| {
            widgets.iter().find(|widget| widget.role == role && widget.name == name && widget.enabled).cloned()
        })
    }

    /// Waits for a text with this in it, and gives the whole of it.
    pub(crate) fn text(&mut self, part: &str) -> String {
        self.wait(part, |widgets| {
            let texts = widgets.iter().filter(|widget| widget.role == Role::Label);
            texts.map(|widget| &widget.value).find(|text| text.contains(part)).cloned()
        })
    }

    /// Presses a button, as soon as it can be.
    pub(crate) fn click(&mut self, name: &str) {
        let at = self.find(Role::Button, name).centre();
        self.press(at);
    }

    /// Presses the button that ends the program: its answer may go with the window.
    pub(crate) fn press_last(&mut self, name: &str) {
        let at = self.find(Role::Button, name).centre();
        let request = Request::ApplyEvents { events: pressed(at) };
        write_message(&self.peer, &request).expect("the window listens");
    }

    fn press(&mut self, at: Pos2) {
        self.input(pressed(at));
    }

    fn input(&mut self, events: Vec<Event>) {
        assert!(matches!(self.ask(&Request::ApplyEvents { events }), Response::Done));
    }

    /// Chooses an entry of a list.
    pub(crate) fn choose(&mut self, field: &str, entry: &str) {
        let at = self.find(Role::ComboBox, field).centre();
        self.press(at);
        self.click(entry);
        self.wait(entry, |widgets| {
            widgets.iter().find(|w| w.role == Role::ComboBox && w.name == field && w.value == entry).map(drop)
        });
    }

    /// Replaces the content of a field by a text.
    pub(crate) fn type_over(&mut self, field: &str, text: &str) {
        let at = self.find(Role::TextInput, field).centre();
        self.press(at);
        let all = |pressed| Event::Key {
            key: Key::A,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::COMMAND,
        };
        self.input(vec![all(true), all(false), Event::Text(text.to_owned())]);
        self.wait(text, |widgets| {
            widgets.iter().find(|w| w.role == Role::TextInput && w.name == field && w.value == text).map(drop)
        });
    }

    /// Gives the window another size and waits until it has it.
    pub(crate) fn resize(&mut self, size: (u32, u32)) {
        self.ask(&Request::Resize { width: size.0, height: size.1 });
        self.wait_for_size(size);
    }

    /// Waits until the window is this large.
    pub(crate) fn wait_for_size(&mut self, size: (u32, u32)) {
        let due = RealClock.now() + PATIENCE;
        loop {
            let is = self.picture().dimensions();
            if is == size {
                return;
            }
            assert!(RealClock.now() < due, "the window is {is:?}, not {size:?}");
        }
    }

    /// What the window looks like, its preview with it.
    pub(crate) fn picture(&mut self) -> image::RgbaImage {
        match self.ask(&Request::GetScreenshot { pixels_per_point: None }) {
            Response::Screenshot(png) => image::load_from_memory(&png.bytes).expect("a PNG").to_rgba8(),
            other => panic!("no picture: {other:?}"),
        }
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal is sent");
    }

    /// Waits until the program has ended by itself.
    pub(crate) fn end(mut self) -> Ran {
        let due = RealClock.now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                break status;
            }
            assert!(RealClock.now() < due, "the program does not end");
            RealClock.sleep_until(RealClock.now() + BETWEEN_LOOKS, &StopSource::new().token());
        };
        self.stderr.read_to_string(&mut self.said).expect("its words");
        Ran { code: status.code().unwrap_or(-1), out: String::new(), err: std::mem::take(&mut self.said) }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn widget(node: &Node, nodes: &[(NodeId, Node)]) -> Option<Widget> {
    let words = |id: &NodeId| {
        let (_, label) = nodes.iter().find(|(other, _)| other == id)?;
        label.value().or(label.label())
    };
    let beside = || node.labelled_by().iter().find_map(words);
    Some(Widget {
        role: node.role(),
        name: node.label().or_else(beside).unwrap_or_default().to_owned(),
        value: node.value().unwrap_or_default().to_owned(),
        bounds: node.bounds()?,
        enabled: !node.is_disabled(),
    })
}

/// The pointer comes, presses and lets go.
fn pressed(at: Pos2) -> Vec<Event> {
    let button =
        |pressed| Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    vec![Event::PointerMoved(at), button(true), button(false)]
}
