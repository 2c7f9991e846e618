use super::*;

/// A machine whose devices come, go and become the default, and an input on it.
struct Desk {
    following: Following,
    listing: Listing,
    at_ms: i64,
}

fn device(id: &str) -> AudioDevice {
    let kind = if id.ends_with(".monitor") { AudioKind::System } else { AudioKind::Microphone };
    AudioDevice { id: id.to_owned(), name: format!("The {id}"), kind, is_default: false }
}

impl Desk {
    /// `headset` and `speakers.monitor` are the defaults beside `webcam`, `built-in` and `hdmi.monitor`.
    fn new(spec: &str, follow: Follow) -> Self {
        let devices = ["webcam", "headset", "built-in", "speakers.monitor", "hdmi.monitor"].map(device).to_vec();
        let spec = InputSpec { device: spec.parse().unwrap(), follow };
        let listing = Listing { server: 1, devices };
        let mut desk = Self { following: Following::new(spec), listing, at_ms: 0 };
        desk.make_default("headset");
        desk.make_default("speakers.monitor");
        let first = desk.following.device(&desk.listing, Timestamp::from_nanos(0)).unwrap();
        desk.following.opened(&first, &desk.listing);
        desk
    }

    fn make_default(&mut self, id: &str) {
        let kind = device(id).kind;
        for device in self.listing.devices.iter_mut().filter(|device| device.kind == kind) {
            device.is_default = device.id == id;
        }
    }

    fn plug(&mut self, id: &str) {
        self.listing.devices.push(device(id));
    }

    /// The server names another default by itself, or none.
    fn unplug(&mut self, id: &str, fallback: Option<&str>) {
        self.listing.devices.retain(|device| device.id != id);
        if let Some(fallback) = fallback {
            self.make_default(fallback);
        }
    }

    /// Looks once, `seconds` later: the device, or who is missed.
    fn after(&mut self, seconds: f64) -> Look {
        #[expect(clippy::cast_possible_truncation, reason = "a test's some seconds")]
        let later = (seconds * 1000.0) as i64;
        self.at_ms += later;
        match self.following.device(&self.listing, Timestamp::from_nanos(self.at_ms * 1_000_000)) {
            Ok(device) => Ok(device.id),
            Err(AudioError::DeviceGone { name }) => Err(name),
            Err(other) => panic!("{other}"),
        }
    }
}

type Look = Result<String, String>;

#[expect(clippy::unnecessary_wraps, reason = "it is compared with a look")]
fn heard(id: &str) -> Look {
    Ok(id.to_owned())
}

fn missed(id: &str) -> Look {
    Err(format!("The {id}"))
}

#[test]
fn another_default_is_followed_while_the_old_device_is_there() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    assert_eq!(desk.after(1.0), heard("headset"));
    desk.make_default("webcam");
    assert_eq!(desk.after(1.0), heard("webcam"));
    assert_eq!(desk.after(1.0), heard("webcam"), "and stays");
    desk.make_default("headset");
    assert_eq!(desk.after(0.2), heard("headset"), "and back, however soon");
    desk.plug("bluetooth");
    desk.make_default("bluetooth");
    assert_eq!(desk.after(0.2), heard("bluetooth"), "one that is new");
}

#[test]
fn a_kind_is_kept() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    desk.make_default("hdmi.monitor");
    assert_eq!(desk.after(1.0), heard("headset"));
    let mut desk = Desk::new("system", Follow::SystemDefault);
    desk.make_default("webcam");
    assert_eq!(desk.after(1.0), heard("speakers.monitor"));
    desk.make_default("hdmi.monitor");
    assert_eq!(desk.after(1.0), heard("hdmi.monitor"));
}

#[test]
fn who_stays_with_a_device_stays() {
    for (spec, follow) in
        [("default", Follow::Device), ("headset", Follow::SystemDefault), ("The headset", Follow::Device)]
    {
        let mut desk = Desk::new(spec, follow);
        desk.make_default("webcam");
        assert_eq!(desk.after(5.0), heard("headset"));
        desk.unplug("headset", None);
        assert_eq!(desk.after(5.0), missed("headset"));
        desk.make_default("built-in");
        assert_eq!(desk.after(5.0), missed("headset"));
        desk.plug("headset");
        assert_eq!(desk.after(5.0), heard("headset"));
    }
}

#[test]
fn an_unplugged_device_is_not_replaced_by_the_servers_choice() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    desk.unplug("headset", Some("webcam"));
    assert_eq!(desk.after(0.1), missed("headset"));
    assert_eq!(desk.after(60.0), missed("headset"), "however long");
    desk.unplug("webcam", Some("built-in"));
    assert_eq!(desk.after(1.0), missed("headset"), "the next choice of the server is none of the user's");
    desk.plug("headset");
    assert_eq!(desk.after(1.0), heard("headset"), "back, though another is the default");
    assert_eq!(desk.after(10.0), heard("headset"));
    desk.make_default("headset");
    assert_eq!(desk.after(10.0), heard("headset"));
}

#[test]
fn the_servers_choice_may_come_late() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    desk.unplug("headset", None);
    assert_eq!(desk.after(0.1), missed("headset"), "no default for a moment");
    desk.make_default("built-in");
    assert_eq!(desk.after(0.3), missed("headset"));
    desk.make_default("webcam");
    assert_eq!(desk.after(0.5), missed("headset"), "it is still settling");
}

#[test]
fn a_default_that_is_changed_later_is_a_wish() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    desk.unplug("headset", Some("webcam"));
    assert_eq!(desk.after(0.1), missed("headset"));
    desk.make_default("built-in");
    assert_eq!(desk.after(5.0), heard("built-in"));
    desk.plug("headset");
    assert_eq!(desk.after(1.0), heard("built-in"), "the old device is no more meant");
    desk.make_default("headset");
    assert_eq!(desk.after(5.0), heard("headset"));
}

#[test]
fn devices_that_come_back_one_after_the_other_are_no_wish() {
    let mut desk = Desk::new("default", Follow::SystemDefault);
    desk.unplug("webcam", None);
    desk.unplug("headset", Some("built-in"));
    assert_eq!(desk.after(5.0), missed("headset"));
    desk.plug("webcam");
    desk.make_default("webcam");
    assert_eq!(desk.after(5.0), missed("headset"), "plugged in and made the default at once");
    desk.plug("headset");
    assert_eq!(desk.after(0.5), heard("headset"));
    desk.make_default("built-in");
    assert_eq!(desk.after(0.5), heard("headset"), "the server settles");
    desk.make_default("webcam");
    assert_eq!(desk.after(5.0), heard("webcam"));
}

#[test]
fn a_server_that_starts_anew_settles_first() {
    let mut desk = Desk::new("system", Follow::SystemDefault);
    desk.listing.server = 2;
    desk.make_default("hdmi.monitor");
    assert_eq!(desk.after(1.0), heard("speakers.monitor"), "its configuration is no wish");
    desk.make_default("speakers.monitor");
    assert_eq!(desk.after(1.0), heard("speakers.monitor"));
    desk.make_default("hdmi.monitor");
    assert_eq!(desk.after(5.0), heard("hdmi.monitor"));
}

#[test]
fn before_the_first_device_anything_that_fits_is_taken() {
    let spec = InputSpec { device: AudioSpec::Default, follow: Follow::Device };
    let mut following = Following::new(spec);
    let none = Listing { server: 1, devices: vec![device("speakers.monitor")] };
    let now = Timestamp::from_nanos(0);
    assert!(matches!(following.device(&none, now), Err(AudioError::NoDevice { .. })), "system sound is no microphone");
    let some = Listing { server: 1, devices: vec![device("speakers.monitor"), device("webcam")] };
    assert_eq!(following.device(&some, now).unwrap().id, "webcam");
}
